package dev.katran.fuzz;

import com.google.common.collect.ImmutableList;
import com.google.common.net.InetAddresses;
import dev.katran.Prefix;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.packet.Hop;
import dev.katran.packets.AddressPool;
import dev.katran.packets.Aims;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The addresses, ports and ids that all random input is drawn from. The sets are small so that
 * frames often hit VIPs, table entries and existing flows.
 */
final class Universe {

  /** The number of VIP numbers; they range from 0 to one less. */
  static final int VIPS = 16;

  /** The highest backend number; backends above {@link #PRESENT} are never installed. */
  static final int BACKENDS = 14;

  /** The highest number of a backend that may be installed; the lowest is 1. */
  static final int PRESENT = 12;

  /** The next hop of most backends. */
  static final Hop GATEWAY = new Hop(MacAddress.parse("00:00:de:ad:be:af"), null);

  static final InetAddress SOURCE_V4 = InetAddresses.forString("10.0.13.37");
  static final InetAddress SOURCE_V6 = InetAddresses.forString("fc00:2307::1337");

  /** Addresses of VIPs that match a single address. */
  static final List<InetAddress> VIP_ADDRESSES =
      addresses(
          "203.0.113.10",
          "203.0.113.11",
          "203.0.113.12",
          "2001:db8:5::10",
          "2001:db8:5::11",
          "2001:db8:5::12");

  /** Prefixes of VIPs. Many are nested, and some cover the addresses of other VIPs. */
  static final List<Prefix> VIP_PREFIXES =
      prefixes(
          "0.0.0.0/0",
          "203.0.113.0/24",
          "203.0.113.0/25",
          "203.0.113.8/29",
          "203.0.113.10/32",
          "198.18.0.0/15",
          "::/0",
          "2001:db8:5::/48",
          "2001:db8:5::/64",
          "2001:db8:5::10/124",
          "2001:db8:5::10/128",
          "2001:db8::/33");

  /** Prefixes for source routes, many of them nested. */
  static final List<Prefix> CLIENT_PREFIXES =
      prefixes(
          "0.0.0.0/0",
          "10.0.0.0/8",
          "10.1.0.0/16",
          "10.1.2.3/32",
          "198.51.100.0/24",
          "198.51.100.4/30",
          "198.51.100.7/32",
          "128.0.0.0/1",
          "::/0",
          "2001:db8:c::/48",
          "2001:db8:c::/64",
          "2001:db8:c::4/126",
          "2001:db8:c::7/128",
          "2001:db8:c:8000::/49",
          "fd00::/8",
          "8000::/1");

  /** Addresses that may be tunnel endpoints. */
  static final List<InetAddress> TUNNEL_ENDPOINTS =
      addresses("192.0.2.1", "192.0.2.2", "203.0.113.10", "2001:db8:e::1", "2001:db8:e::2");

  /** About half of the clients. */
  static final ImmutableList<Prefix> TUNNEL_SOURCES =
      ImmutableList.copyOf(prefixes("198.51.100.0/25", "10.1.2.0/23", "2001:db8:c::/48"));

  static final List<Integer> PORTS = List.of(53, 80, 443, 8443, 40_000, 50_001);

  static final List<Integer> SERVER_IDS =
      List.of(
          1,
          2,
          3,
          255,
          256,
          1022,
          40_000,
          65_535,
          65_536,
          197_630,
          0xff_ffff,
          0x100_0000,
          0x1234_5678,
          Integer.MAX_VALUE);

  private static final List<InetAddress> OTHER_DESTINATIONS =
      addresses(
          "203.0.113.77",
          "203.0.113.200",
          "198.18.7.7",
          "2001:db8:5::77",
          "2001:db8:5:1::1",
          "2001:db8:8000::1");

  private static final List<InetAddress> CLIENTS =
      addresses(
          "198.51.100.7",
          "198.51.100.5",
          "198.51.100.200",
          "10.1.2.3",
          "10.1.9.9",
          "10.200.0.1",
          "192.0.2.77",
          "203.0.113.10",
          "2001:db8:c::7",
          "2001:db8:c::5",
          "2001:db8:c:1::1",
          "2001:db8:c:8000::1",
          "fd00::77",
          "2001:db8:5::10");

  private static final List<InetAddress> UNLISTED_TUNNEL_ENDPOINTS =
      addresses("192.0.2.200", "2001:db8:e::200");

  private static final Map<InetAddress, Integer> BACKEND_NUMBERS =
      IntStream.rangeClosed(1, BACKENDS)
          .boxed()
          .collect(Collectors.toMap(Universe::backendAddress, number -> number));

  /** The sources of packets that may be answers of backends. */
  static List<InetAddress> answering() {
    return Stream.concat(
            CLIENTS.stream(), IntStream.rangeClosed(1, BACKENDS).mapToObj(Universe::backendAddress))
        .toList();
  }

  private Universe() {}

  /** Returns the addresses, ports and ids that generated frames are aimed at. */
  static Aims aims(int guePort, int maxPacketSize) {
    return new Aims(
        pool(VIP_ADDRESSES, VIP_ADDRESSES, VIP_ADDRESSES, VIP_ADDRESSES, OTHER_DESTINATIONS),
        pool(CLIENTS),
        pool(
            TUNNEL_ENDPOINTS,
            TUNNEL_ENDPOINTS,
            UNLISTED_TUNNEL_ENDPOINTS,
            List.of(SOURCE_V4, SOURCE_V6)),
        PORTS,
        SERVER_IDS,
        guePort,
        maxPacketSize);
  }

  /** Returns the fixed address of a backend number: IPv6 if the number is odd, otherwise IPv4. */
  static InetAddress backendAddress(int number) {
    return InetAddresses.forString(number % 2 == 0 ? "10.0.0." + number : "fc00::" + number);
  }

  /** Returns the number of the backend with the given address. */
  static int backendNumber(InetAddress address) {
    return BACKEND_NUMBERS.get(address);
  }

  /** Returns the addresses of all clients. */
  static List<InetAddress> clients() {
    return CLIENTS;
  }

  @SafeVarargs
  @SuppressWarnings("varargs")
  private static AddressPool pool(List<InetAddress>... lists) {
    return new AddressPool(Arrays.stream(lists).flatMap(List::stream).toList());
  }

  private static List<InetAddress> addresses(String... literals) {
    return Stream.of(literals).map(InetAddresses::forString).toList();
  }

  private static List<Prefix> prefixes(String... literals) {
    return Stream.of(literals).map(Prefix::of).toList();
  }
}
