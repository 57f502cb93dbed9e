/**
 * Reads and writes the classic pcap format, in both byte orders, with microseconds or nanoseconds.
 */
@NullMarked
package dev.katran.examples.replay.pcap;

import org.jspecify.annotations.NullMarked;
