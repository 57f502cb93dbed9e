package dev.katran.lab;

import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.Prefix;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;

/**
 * The addresses on the link between a host and the router.
 *
 * @param ipv4 the host's, with the network's length
 * @param ipv6 the host's, with the network's length
 */
record Subnet(Prefix ipv4, Prefix ipv6) {

  /** How many {@link #number numbered} ones there are. */
  static final int MAX = 254;

  /** The one the lab chooses if nothing else is asked for. */
  static Subnet number(int n) {
    return new Subnet(
        Prefix.parse("10.0." + n + ".2/24"),
        Prefix.parse("fc00:0:0:" + Integer.toHexString(n) + "::2/64"));
  }

  /** The same with the addresses that the options ask for. */
  Subnet with(HostOptions options) {
    return new Subnet(
        options.ipv4() == null ? ipv4 : options.ipv4(),
        options.ipv6() == null ? ipv6 : options.ipv6());
  }

  /** Whether a packet to the one could as well be for the other. */
  boolean overlaps(Subnet other) {
    return overlap(ipv4, other.ipv4) || overlap(ipv6, other.ipv6);
  }

  /** The router's end of the link. */
  Subnet router() {
    return new Subnet(
        new Prefix(routerIn(ipv4), ipv4.length()), new Prefix(routerIn(ipv6), ipv6.length()));
  }

  /** The address of that family. */
  InetAddress of(InetAddress family) {
    return (family instanceof Inet4Address ? ipv4 : ipv6).address();
  }

  /** 02:00 for "locally administered", then the IPv4 address: easy to recognise in a capture. */
  MacAddress mac() {
    byte[] mac = {2, 0, 0, 0, 0, 0};
    System.arraycopy(ipv4.address().getAddress(), 0, mac, 2, Integer.BYTES);
    return MacAddress.of(mac);
  }

  /** The first address of the network. */
  static InetAddress routerIn(Prefix prefix) {
    byte[] address = prefix.network().address().getAddress();
    address[address.length - 1] |= 1;
    try {
      return InetAddress.getByAddress(address);
    } catch (UnknownHostException e) {
      throw new AssertionError("the length is that of an address", e);
    }
  }

  private static boolean overlap(Prefix a, Prefix b) {
    int length = Math.min(a.length(), b.length());
    return Arrays.equals(truncate(a, length), truncate(b, length));
  }

  private static byte[] truncate(Prefix prefix, int length) {
    return new Prefix(prefix.address(), length).network().address().getAddress();
  }
}
