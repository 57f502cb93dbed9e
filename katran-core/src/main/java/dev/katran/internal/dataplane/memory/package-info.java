/**
 * The in-memory adapter: the behaviour of the BPF program in plain Java, with one class per C
 * header. It is the oracle of differential tests and runs without root on any operating system.
 */
@NullMarked
package dev.katran.internal.dataplane.memory;

import org.jspecify.annotations.NullMarked;
