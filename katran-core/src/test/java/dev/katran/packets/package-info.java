/** Packets for tests: made here, and read here, by code that shares nothing with the dataplane. */
@NullMarked
package dev.katran.packets;

import org.jspecify.annotations.NullMarked;
