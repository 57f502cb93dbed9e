/**
 * A load balancer that a JVM service embeds: {@link dev.katran.Vip}, {@link dev.katran.Backend} and
 * {@link dev.katran.Ring} are immutable values, {@link dev.katran.LoadBalancer} holds the running
 * state, and an XDP program in the kernel forwards the packets.
 *
 * <p>Start with {@link dev.katran.LoadBalancer#on}; hosts that serve as backends open a {@link
 * dev.katran.Decapsulator}.
 */
@NullMarked
package dev.katran;

import org.jspecify.annotations.NullMarked;
