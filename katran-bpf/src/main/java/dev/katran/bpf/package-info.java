/**
 * The compiled BPF programs of this module, read with {@link dev.katran.bpf.BpfPrograms}. The
 * generated package beside it holds the Java view of the ABI in {@code katran.h}: keys, values,
 * counters and configuration. This module does not load programs into the kernel.
 */
@NullMarked
package dev.katran.bpf;

import org.jspecify.annotations.NullMarked;
