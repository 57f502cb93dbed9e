/** The forms of a configuration outside this process: JSON and a fingerprint. */
@NullMarked
package dev.katran.internal.configuration;

import org.jspecify.annotations.NullMarked;
