package dev.katran.lab;

import dev.katran.ffm.net.Prefix;
import java.net.Inet4Address;
import org.jspecify.annotations.Nullable;

/**
 * How a host is connected to the router of its {@link Lab}.
 *
 * @param mtu of both ends of the link. Where packets arrive encapsulated it must exceed that of the
 *     other links: 1600 is plenty for 1500. From 1280, which IPv6 needs, to about 3500, which XDP
 *     allows
 * @param ipv4 the host's address, such as {@code 198.51.100.7/24}, or null for {@code 10.0.n.2/24}
 *     with the first n that is free; the router has the first address of the network
 * @param ipv6 the same for IPv6, or null for {@code fc00:0:0:n::2/64}
 */
public record HostOptions(int mtu, @Nullable Prefix ipv4, @Nullable Prefix ipv6) {

  /** An MTU of 1500, and addresses chosen by the lab. */
  public static final HostOptions DEFAULT = new HostOptions(1500, null, null);

  /** Refuses an address of the wrong family, or the router's own. */
  public HostOptions {
    if (ipv4 != null) {
      require(ipv4, ipv4.address() instanceof Inet4Address, "is not an IPv4 address");
      require(ipv4, !Subnet.routerIn(ipv4).equals(ipv4.address()), "is the router's");
    }
    if (ipv6 != null) {
      require(ipv6, !(ipv6.address() instanceof Inet4Address), "is not an IPv6 address");
      require(ipv6, !Subnet.routerIn(ipv6).equals(ipv6.address()), "is the router's");
    }
  }

  /** The same with another MTU. */
  public HostOptions mtu(int mtu) {
    return new HostOptions(mtu, ipv4, ipv6);
  }

  /**
   * The same with an address of its own, which replaces that of the same family.
   *
   * @param address with the length of the network it is on, such as {@code 198.51.100.7/24}
   */
  public HostOptions address(String address) {
    Prefix prefix = Prefix.parse(address);
    return prefix.address() instanceof Inet4Address
        ? new HostOptions(mtu, prefix, ipv6)
        : new HostOptions(mtu, ipv4, prefix);
  }

  private static void require(Prefix address, boolean condition, String otherwise) {
    if (!condition) {
      throw new IllegalArgumentException("host address " + address + " " + otherwise);
    }
  }
}
