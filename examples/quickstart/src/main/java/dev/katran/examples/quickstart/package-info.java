/** A load balancer, its client and its backends in one JVM, exchanging real packets. */
@NullMarked
package dev.katran.examples.quickstart;

import org.jspecify.annotations.NullMarked;
