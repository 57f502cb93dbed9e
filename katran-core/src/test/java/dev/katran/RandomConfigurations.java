package dev.katran;

import com.google.common.net.InetAddresses;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/** Makes up configurations of a few VIPs, of which each option has each of its values at times. */
final class RandomConfigurations {

  private static final List<String> ADDRESSES =
      List.of("203.0.113.10", "203.0.113.11", "203.0.114.0/24", "2001:db8::10", "2001:db8:1::/48");
  private static final List<Forwarding> FORWARDINGS =
      List.of(Forwarding.ipip(), Forwarding.gue(), Forwarding.rewrite(), Forwarding.direct());
  private static final List<String> CLIENTS =
      List.of("198.51.100.0/24", "198.51.100.7/32", "0.0.0.0/0", "2001:db8:7::/48");

  private final Random random;
  private final List<Backend> backends = new ArrayList<>();
  private int rewritten;

  private RandomConfigurations(Random random) {
    this.random = random;
    for (int i = 1; i <= 6; i++) {
      Backend backend = Backend.of(i > 4 ? "fc00::" + i : "10.0.0." + i);
      backends.add(
          backend.via(isChosen() ? Forwarding.gue() : Forwarding.ipip()).local(isChosen()));
    }
  }

  /** Returns another configuration each time. */
  static Configuration next(Random random) {
    return new RandomConfigurations(random).configuration();
  }

  private Configuration configuration() {
    Map<VipKey, Vip> vips = new LinkedHashMap<>();
    for (int i = random.nextInt(5); i > 0; i--) {
      Vip vip = vip();
      vips.put(vip.key(), vip);
    }
    Configuration.Builder configuration =
        Configuration.builder()
            .vips(vips.values())
            .serverIds(table(List.of(1, 2, 3, 77, 65536)))
            .sourceRoutes(table(CLIENTS.stream().map(Prefix::of).toList()))
            .tunnelEndpoints(tunnelEndpoints())
            .downBackends(marks(vips));
    vips.keySet().stream().filter(each -> isChosen()).findAny().ifPresent(configuration::watch);
    return configuration.build();
  }

  private boolean isChosen() {
    return random.nextInt(3) == 0;
  }

  private <T> T oneOf(List<T> values) {
    return values.get(random.nextInt(values.size()));
  }

  private Vip vip() {
    String address = oneOf(ADDRESSES);
    boolean isUdp = random.nextBoolean();
    Vip.Builder vip =
        switch (random.nextInt(3)) {
          case 0 -> isUdp ? Vip.udp(address) : Vip.tcp(address);
          case 1 -> isUdp ? Vip.udp(address, 443) : Vip.tcp(address, 443);
          default -> isUdp ? Vip.udp(address, 53) : Vip.tcp(address, 53);
        };
    if (isChosen()) {
      vip.idleTime(Duration.ofSeconds(1 + random.nextInt(86_400)));
    }
    if (isChosen()) {
      vip.changeWindow(Duration.ofMillis(1000 + random.nextInt(86_399_000)));
    }
    Forwarding forwarding = oneOf(FORWARDINGS);
    List<Backend> chosen = new ArrayList<>();
    backends.stream().filter(each -> isChosen()).map(this::varied).forEach(chosen::add);
    while (isChosen()) {
      rewritten(vip.build().key(), forwarding).map(this::varied).ifPresent(chosen::add);
    }
    return vip.backends(chosen)
        .forwarding(forwarding)
        .hashing(oneOf(List.of(Hashing.values())))
        .algorithm(oneOf(List.of(RingAlgorithm.values())))
        .tracking(oneOf(List.of(Tracking.values())))
        .quic(isUdp && isChosen())
        .udpStableRouting(isUdp && isChosen())
        .udpFlowMigration(isUdp && isChosen())
        .sourceRouting(isChosen())
        .localDelivery(isChosen())
        .build();
  }

  /** Returns a backend that no other VIP has, since answers must have one way back. */
  private Optional<Backend> rewritten(VipKey vip, Forwarding ofVip) {
    if (vip.prefix().isPresent()) {
      return Optional.empty();
    }
    String network = vip.address() instanceof Inet4Address ? "10.0.1." : "fc00:1::";
    Backend backend = Backend.of(network + ++rewritten);
    Backend reached =
        ofVip.equals(Forwarding.rewrite()) && isChosen()
            ? backend
            : backend.via(Forwarding.rewrite());
    return Optional.of(vip.matchesEveryPort() || isChosen() ? reached : reached.port(8080));
  }

  private Backend varied(Backend backend) {
    return backend.weight(isChosen() ? random.nextInt(4) : 1).draining(isChosen());
  }

  private <K> Map<K, Backend> table(List<K> keys) {
    Map<K, Backend> table = new HashMap<>();
    keys.stream().filter(each -> isChosen()).forEach(key -> table.put(key, oneOf(backends)));
    return table;
  }

  private Map<InetAddress, TunnelEndpoint> tunnelEndpoints() {
    Map<InetAddress, TunnelEndpoint> ends = new HashMap<>();
    for (String address : List.of("203.0.113.99", "2001:db8::99")) {
      if (isChosen()) {
        ends.put(InetAddresses.forString(address), oneOf(List.of(TunnelEndpoint.values())));
      }
    }
    return ends;
  }

  private Map<VipKey, Set<BackendKey>> marks(Map<VipKey, Vip> vips) {
    Map<VipKey, Set<BackendKey>> marks = new HashMap<>();
    vips.forEach((key, vip) -> {
      Set<BackendKey> down = new HashSet<>();
      vip.backends().stream().filter(each -> isChosen()).forEach(each -> down.add(each.key()));
      if (!down.isEmpty()) {
        marks.put(key, down);
      }
    });
    return marks;
  }
}
