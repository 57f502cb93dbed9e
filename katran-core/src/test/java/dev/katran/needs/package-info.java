/**
 * Requirements of tests on the machine. A test whose requirement is missing is skipped with a line
 * of output, or fails where skips are forbidden.
 */
@NullMarked
package dev.katran.needs;

import org.jspecify.annotations.NullMarked;
