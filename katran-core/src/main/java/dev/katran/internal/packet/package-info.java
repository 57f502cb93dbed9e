/** Frames, headers and checksums. Depends on no tables. */
@NullMarked
package dev.katran.internal.packet;

import org.jspecify.annotations.NullMarked;
