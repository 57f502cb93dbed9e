/** Builders, generators and parsers of test packets, which share no code with the dataplane. */
@NullMarked
package dev.katran.packets;

import org.jspecify.annotations.NullMarked;
