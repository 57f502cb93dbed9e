/** Measures the cost of the balancer and compares it with alternatives. */
@NullMarked
package dev.katran.examples.benchmark;

import org.jspecify.annotations.NullMarked;
