/**
 * Golden packets: scenarios of configuration, frames, and what becomes of them, that any
 * implementation of this wire format can be held to. They are data beside the repository.
 */
@NullMarked
package dev.katran.golden;

import org.jspecify.annotations.NullMarked;
