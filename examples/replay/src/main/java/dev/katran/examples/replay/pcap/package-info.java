/** Captures in the classic pcap format: both byte orders, microseconds and nanoseconds. */
@NullMarked
package dev.katran.examples.replay.pcap;

import org.jspecify.annotations.NullMarked;
