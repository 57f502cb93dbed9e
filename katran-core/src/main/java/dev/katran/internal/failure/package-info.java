/** The exception that internal packages throw when the platform refuses an operation. */
@NullMarked
package dev.katran.internal.failure;

import org.jspecify.annotations.NullMarked;
