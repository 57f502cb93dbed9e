/**
 * Golden hashes and rings, which any implementation of this wire format can be held to. They are
 * data beside the repository; the golden packets there are played by {@code examples/replay}.
 */
@NullMarked
package dev.katran.golden;

import org.jspecify.annotations.NullMarked;
