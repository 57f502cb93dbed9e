/** Tests that hold the architecture: which package may use which, and what a module exports. */
@NullMarked
package dev.katran.walls;

import org.jspecify.annotations.NullMarked;
