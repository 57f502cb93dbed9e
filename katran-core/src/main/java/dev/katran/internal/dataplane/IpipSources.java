package dev.katran.internal.dataplane;

import com.google.common.collect.ImmutableList;
import com.google.common.net.InetAddresses;
import dev.katran.Prefix;
import java.net.Inet4Address;
import java.net.Inet6Address;

/**
 * The prefixes of IPIP's outer source addresses. The rest of an address depends on the flow.
 *
 * @param prefixV4 the first address of a /16
 * @param prefixV6 the first address of a /96
 */
public record IpipSources(Inet4Address prefixV4, Inet6Address prefixV6) {

  /** The length of the IPv4 prefix, in bits. */
  public static final int BITS_V4 = 16;

  /** The length of the IPv6 prefix, in bits. */
  public static final int BITS_V6 = 96;

  /** The prefixes of the wire contract. 100::/96 is in the discard prefix (RFC 6666). */
  public static final IpipSources DEFAULT =
      new IpipSources(
          (Inet4Address) InetAddresses.forString("172.16.0.0"),
          (Inet6Address) InetAddresses.forString("100::"));

  /** Returns both prefixes. */
  public ImmutableList<Prefix> prefixes() {
    return ImmutableList.of(new Prefix(prefixV4, BITS_V4), new Prefix(prefixV6, BITS_V6));
  }

  /** Returns a copy with another IPv4 prefix. */
  public IpipSources withPrefixV4(Inet4Address prefix) {
    return new IpipSources(prefix, prefixV6);
  }

  /** Returns a copy with another IPv6 prefix. */
  public IpipSources withPrefixV6(Inet6Address prefix) {
    return new IpipSources(prefixV4, prefix);
  }
}
