/**
 * An XDP load balancer inside a JVM service.
 *
 * <p>{@link dev.katran.LoadBalancer} is the entry point. It is told which {@link dev.katran.Vip}s
 * to serve with which {@link dev.katran.Backend}s; these, like all configuration, are immutable
 * values that may be shared between threads. The backend of a {@link dev.katran.Flow} is a pure
 * function: the flow's hash selects a slot of the VIP's {@link dev.katran.Ring}, and all balancers
 * with the same configuration have the same ring.
 *
 * <p>Illegal values are rejected when they are built, with an {@link
 * java.lang.IllegalArgumentException} that names the value. What the platform refuses is a {@link
 * dev.katran.LoadBalancerException} or one of its subclasses. No argument and no result of this
 * package is null.
 */
@NullMarked
package dev.katran;

import org.jspecify.annotations.NullMarked;
