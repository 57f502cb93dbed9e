/**
 * A load balancer, its client and its backends in one JVM, exchanging real packets; and the same
 * with the balancer in a JVM of its own, which is killed.
 */
@NullMarked
package dev.katran.examples.quickstart;

import org.jspecify.annotations.NullMarked;
