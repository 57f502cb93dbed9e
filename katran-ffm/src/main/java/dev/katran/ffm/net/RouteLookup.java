package dev.katran.ffm.net;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * The result of a route lookup in the kernel's routing table.
 *
 * @param egressIndex the index of the egress interface
 * @param gateway the gateway, or null if the destination is on-link; it may be an IPv6 address for
 *     an IPv4 destination
 * @param source the preferred source address, or null if the kernel reports none
 * @param mtu the route's MTU in bytes, of its metrics or learned by path MTU discovery; 0 if the
 *     interface's MTU applies
 * @since 0.1.0
 */
public record RouteLookup(
    int egressIndex, @Nullable InetAddress gateway, @Nullable InetAddress source, int mtu) {

  /** Returns the next hop: the gateway, or the destination itself if it is on-link. */
  public InetAddress nextHop(InetAddress destination) {
    return gateway == null ? destination : gateway;
  }
}
