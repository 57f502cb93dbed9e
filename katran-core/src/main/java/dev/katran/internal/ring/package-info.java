/** Consistent hashing: backend hashes, flow hashes and the construction of Maglev rings. */
@NullMarked
package dev.katran.internal.ring;

import org.jspecify.annotations.NullMarked;
