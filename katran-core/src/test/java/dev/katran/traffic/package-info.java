/**
 * Integration tests with real packets between a client, a load balancer and its backends, each in a
 * network namespace of its own.
 */
@NullMarked
package dev.katran.traffic;

import org.jspecify.annotations.NullMarked;
