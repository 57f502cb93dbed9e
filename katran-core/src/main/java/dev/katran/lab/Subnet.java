package dev.katran.lab;

import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.MacAddress;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * The addresses of one end of a link, by default the host's end.
 *
 * @param ipv4 the IPv4 address with the prefix length of the network
 * @param ipv6 the IPv6 address with the prefix length of the network
 */
record Subnet(Cidr ipv4, Cidr ipv6) {

  /** The highest {@link #number}. */
  static final int MAX = 254;

  /** Returns the host's end of the link that the lab numbers n, from 1 to {@value #MAX}. */
  static Subnet number(int n) {
    return new Subnet(
        Cidr.parse("10.0." + n + ".2/24"),
        Cidr.parse("fc00:0:0:" + Integer.toHexString(n) + "::2/64"));
  }

  /** Returns whether the networks of either family overlap. */
  boolean overlaps(Subnet other) {
    return overlap(ipv4, other.ipv4) || overlap(ipv6, other.ipv6);
  }

  /** Returns the router's end of the link. */
  Subnet router() {
    return new Subnet(
        new Cidr(routerIn(ipv4), ipv4.length()), new Cidr(routerIn(ipv6), ipv6.length()));
  }

  /** Returns the address of the same family as another one. */
  InetAddress of(InetAddress family) {
    return (family instanceof Inet4Address ? ipv4 : ipv6).address();
  }

  /**
   * Returns a locally administered MAC address: 02:00 and the IPv4 address, which is easy to
   * recognise in a capture.
   */
  MacAddress mac() {
    byte[] mac = {2, 0, 0, 0, 0, 0};
    System.arraycopy(ipv4.address().getAddress(), 0, mac, 2, Integer.BYTES);
    return MacAddress.of(mac);
  }

  /** Returns the first address of a network, which is the router's. */
  static InetAddress routerIn(Cidr prefix) {
    byte[] address = prefix.network().address().getAddress();
    address[address.length - 1] |= 1;
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException e) {
      throw new AssertionError("the length is that of an address", e);
    }
  }

  private static boolean overlap(Cidr a, Cidr b) {
    int length = Math.min(a.length(), b.length());
    return Arrays.equals(truncate(a, length), truncate(b, length));
  }

  private static byte[] truncate(Cidr prefix, int length) {
    return new Cidr(prefix.address(), length).network().address().getAddress();
  }
}
