/**
 * Metrics of a balancer for <a href="https://micrometer.io">Micrometer</a>, an optional dependency:
 * applications that use this package have {@code io.micrometer:micrometer-core} themselves.
 */
@NullMarked
package dev.katran.metrics;

import org.jspecify.annotations.NullMarked;
