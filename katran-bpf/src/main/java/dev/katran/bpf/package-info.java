/**
 * The XDP program and the Java view of the ABI it shares with user space: keys, values, counters
 * and configuration, as {@code katran.h} declares them. The compiled program is a resource of this
 * module; loading it into the kernel is left to others.
 */
@NullMarked
package dev.katran.bpf;

import org.jspecify.annotations.NullMarked;
