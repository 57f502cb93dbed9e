package dev.katran.examples.quickstart;

import com.google.common.net.InetAddresses;
import dev.katran.Backend;
import dev.katran.Vip;
import java.net.Inet4Address;
import java.util.List;

/** The two VIPs, each served by the backends of its address family. */
final class Vips {

  static final int PORT = 8080;
  static final String IPV4 = "203.0.113.10";
  static final String IPV6 = "2001:db8::10";

  private Vips() {}

  /** Returns the VIP over IPv4 and the one over IPv6. */
  static List<Vip> of(List<String> backends) {
    return List.of(vip(IPV4, backends, true), vip(IPV6, backends, false));
  }

  private static Vip vip(String address, List<String> backends, boolean ipv4) {
    return Vip.tcp(address, PORT)
        .backends(
            backends.stream()
                .filter(backend -> InetAddresses.forString(backend) instanceof Inet4Address == ipv4)
                .map(Backend::of)
                .toList())
        .build();
  }
}
