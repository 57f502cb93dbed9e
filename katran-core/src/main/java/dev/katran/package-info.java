/**
 * An XDP load balancer inside a JVM service: addresses that clients connect to, and the servers
 * behind them.
 *
 * <p>A {@link dev.katran.Vip} is an address with its {@link dev.katran.Backend}s. Which backend
 * serves a {@link dev.katran.Flow} is a pure function: the flow's hash picks a slot of the VIP's
 * {@link dev.katran.Ring}, and every balancer with the same configuration has the same ring. These
 * are immutable values, safe to share between threads; an illegal one is refused when it is built,
 * by an {@link java.lang.IllegalArgumentException} that names it. No argument and no result of this
 * package may be null.
 */
@NullMarked
package dev.katran;

import org.jspecify.annotations.NullMarked;
