/**
 * What a test needs of the machine. Where it is missing the test is skipped, with a line that says
 * so, or fails where nothing may be skipped.
 */
@NullMarked
package dev.katran.needs;

import org.jspecify.annotations.NullMarked;
