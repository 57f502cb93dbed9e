/** Decodes frames to text, header by header and field by field, and compares two side by side. */
@NullMarked
package dev.katran.examples.replay.decode;

import org.jspecify.annotations.NullMarked;
