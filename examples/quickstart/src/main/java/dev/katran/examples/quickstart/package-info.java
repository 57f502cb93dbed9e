/** A load balancer, its client and its backends in one JVM, on real packets. */
@NullMarked
package dev.katran.examples.quickstart;

import org.jspecify.annotations.NullMarked;
