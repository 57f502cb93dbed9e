/**
 * The dataplane: a port that the control plane writes to, and its two adapters, one that loads the
 * program into the kernel and one that is the same program in Java.
 */
@NullMarked
package dev.katran.dataplane;

import org.jspecify.annotations.NullMarked;
