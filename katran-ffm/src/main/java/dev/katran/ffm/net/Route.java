package dev.katran.ffm.net;

import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/**
 * How the kernel would send a packet to some destination.
 *
 * @param egressIndex the interface it leaves through
 * @param gateway the router it goes to, or null if the destination is on the link itself; possibly
 *     an IPv6 address for an IPv4 destination
 * @param source the address the kernel would send from, or null if it names none
 */
public record Route(int egressIndex, @Nullable InetAddress gateway, @Nullable InetAddress source) {

  /** Whose MAC address the frame needs: the gateway, or the destination itself. */
  public InetAddress nextHop(InetAddress destination) {
    return gateway == null ? destination : gateway;
  }
}
