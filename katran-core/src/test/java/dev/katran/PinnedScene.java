package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;

/**
 * A pinned balancer that has something of everything, and what can be seen of it. As a function, it
 * opens one, acts and closes it, and can do so in a class loader with another version of the
 * library: {@code folder, flow table size, action}, where the action is {@code fill}, {@code
 * change}, {@code simulate} or {@code look}.
 */
public final class PinnedScene implements Function<List<String>, Map<String, String>> {

  static final Limits LIMITS =
      Limits.defaults()
          .vips(8)
          .backends(16)
          .ringSize(251)
          .flowTableSize(1 << 13)
          .serverIds(100)
          .sourceRoutes(16);

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2").weight(3);
  static final Backend THREE = Backend.of("fc00::3");
  static final Vip WEB =
      Vip.tcp("203.0.113.10", 80)
          .backends(ONE, TWO)
          .tracking(Tracking.ALWAYS)
          .sourceRouting(true)
          .build();
  static final Vip DNS =
      Vip.udp("2001:db8::1", 53)
          .backends(TWO, THREE)
          .tracking(Tracking.ALWAYS)
          .udpFlowMigration(true)
          .build();
  private static final Vip WIDE =
      Vip.of(VipKey.of(Protocol.TCP, Prefix.of("203.0.114.0/24"), 443)).backends(TWO).build();
  private static final Vip PLAIN = Vip.tcp("203.0.113.11", 80).backends(ONE, TWO).build();
  private static final int PORTS = 200;

  /** Creates the function. */
  public PinnedScene() {}

  /** Opens a balancer. */
  static LoadBalancer open(Path folder, Limits limits) {
    return LoadBalancer.detached()
        .limits(limits)
        .decapsulation(Decapsulation.ANY)
        .tunnelSources("192.0.2.0/24")
        .pinnedAt(folder)
        .open();
  }

  /** Installs everything. */
  static void fill(LoadBalancer lb) {
    lb.apply(List.of(WEB, DNS, WIDE, PLAIN));
    lb.serverIds().putAll(Map.of(7, ONE, 8, THREE));
    lb.sourceRoutes().put(Prefix.of("198.51.100.128/25"), TWO);
    lb.tunnelEndpoints().put(InetAddress.ofLiteral("192.0.2.7"), TunnelEndpoint.EGRESS);
    lb.downBackends().replace(Set.of(new DownBackends.Mark(DNS.key(), THREE.key())));
    lb.watch(DNS.key());
    frames().forEach(lb::simulate);
    lb.put(WEB.draining(ONE.key()));
    frames().forEach(lb::simulate);
  }

  /** Begins to change slots. */
  static void change(LoadBalancer lb) {
    lb.put(PLAIN.draining(ONE.key()));
    frames().forEach(lb::simulate);
  }

  private static List<byte[]> frames() {
    List<byte[]> frames = new ArrayList<>();
    for (int port = 1000; port < 1000 + PORTS; port++) {
      frames.add(Packet.tcp("198.51.100.7", port, "203.0.113.10", 80).frame());
      frames.add(Packet.tcp("198.51.100.200", port, "203.0.113.10", 80).frame());
      frames.add(Packet.udp("2001:db8::7", port, "2001:db8::1", 53).frame());
      frames.add(Packet.tcp("198.51.100.7", port, "203.0.114.9", 443).frame());
      frames.add(Packet.tcp("198.51.100.7", port, "203.0.113.11", 80).frame());
    }
    return frames;
  }

  /** Returns what becomes of frames of known and unknown flows. */
  static Map<String, String> simulate(LoadBalancer lb) {
    Map<String, String> sent = new TreeMap<>();
    int number = 0;
    for (byte[] frame : frames()) {
      Simulation simulation = lb.simulate(frame);
      sent.put(
          "frame " + number++, simulation.verdict() + HexFormat.of().formatHex(simulation.frame()));
    }
    return sent;
  }

  /** Returns what can be seen of a balancer without changing anything. */
  static Map<String, String> seen(LoadBalancer lb) {
    Map<String, String> seen = new TreeMap<>();
    lb.flows().forEach(entry -> seen.put(entry.flow().toString(), entry.backend().toString()));
    assertThat(seen).hasSizeGreaterThan(3 * PORTS - 1);
    seen.put("configuration", lb.configuration().toJson());
    lb.counters().snapshot().vips().forEach((key, count) -> seen.put("VIP " + key, text(count)));
    lb.counters()
        .snapshot()
        .backends()
        .forEach((key, count) -> seen.put("backend " + key, text(count)));
    Counters.FlowTableCounts counts = lb.counters().flowTable();
    seen.put("flow table", counts.lookups() + " lookups, " + counts.misses() + " misses");
    seen.put("sent", text(lb.counters().sent()));
    seen.put("passed", text(lb.counters().passed()));
    seen.put("watched", lb.counters().flowMissesByBackend(TWO.key()).toString());
    for (Vip vip : lb.vips()) {
      VipStatus status = lb.status(vip.key()).orElseThrow();
      seen.put("ring of " + vip.key(), status.changing() + " of " + status.stable());
    }
    return seen;
  }

  private static String text(Count count) {
    return count.packets() + " packets, " + count.bytes() + " bytes";
  }

  @Override
  public Map<String, String> apply(List<String> words) {
    Limits limits = LIMITS.flowTableSize(Integer.parseInt(words.get(1)));
    try (LoadBalancer lb = open(Path.of(words.get(0)), limits)) {
      switch (words.get(2)) {
        case "fill" -> fill(lb);
        case "change" -> change(lb);
        case "simulate" -> {
          return simulate(lb);
        }
        case "look" -> assertThat(lb.adopted()).isTrue();
        default -> throw new IllegalArgumentException(words.toString());
      }
      return seen(lb);
    }
  }
}
