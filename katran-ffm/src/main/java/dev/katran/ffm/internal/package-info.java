/**
 * Calls to libbpf and libc. Not exported: methods return results as in C, and the callers in {@link
 * dev.katran.ffm} convert them to exceptions.
 */
@NullMarked
package dev.katran.ffm.internal;

import org.jspecify.annotations.NullMarked;
