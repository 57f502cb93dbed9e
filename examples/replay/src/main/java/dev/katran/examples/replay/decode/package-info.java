/** Frames as text, header by header and field by field, alone and beside each other. */
@NullMarked
package dev.katran.examples.replay.decode;

import org.jspecify.annotations.NullMarked;
