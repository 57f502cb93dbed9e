package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.Maps;
import dev.katran.internal.control.Control;
import dev.katran.internal.control.FailingDataplane;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.packets.Packet;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What a dataplane does after a change in which any write fails, and any write that undoes another:
 * the same as before the change.
 */
abstract class RollbackContract {

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("10.0.0.3");
  private static final Backend GUE = Backend.of("10.0.0.4").via(Forwarding.gue());
  private static final Backend V6 = Backend.of("fc00::5");

  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();
  private static final Vip TRACKED =
      Vip.tcp("203.0.113.11", 80).backends(ONE, TWO).tracking(Tracking.ALWAYS).build();
  private static final Vip QUIC =
      Vip.udp("203.0.113.12", 443).backends(TWO, THREE).quic(true).udpFlowMigration(true).build();
  private static final Vip WIDE =
      Vip.of(VipKey.of(Protocol.TCP, Prefix.of("203.0.114.0/24"), 443)).backends(TWO, V6).build();
  private static final Vip ROUTED =
      Vip.tcp("203.0.113.13", 443).backends(ONE).sourceRouting(true).build();
  private static final Backend SERVER = Backend.of("10.0.0.6");
  private static final Backend AT_PORT = Backend.of("10.0.0.7").port(8080);
  private static final Vip REWRITING =
      Vip.tcp("203.0.113.15", 443)
          .backends(SERVER, AT_PORT)
          .forwarding(Forwarding.rewrite())
          .build();
  private static final List<Vip> BEFORE = List.of(WEB, TRACKED, QUIC, WIDE, ROUTED, REWRITING);

  private static final Prefix CLIENTS = Prefix.of("198.51.100.0/24");
  private static final InetAddress TUNNEL_END = Backend.of("203.0.113.99").address();
  private static final int FLOWS = 12;

  /** Enough of them for a change of the others to be a small one. */
  private static final List<Integer> OTHER_IDS = List.of(4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14);

  static final DataplaneConfig CONFIG =
      DataplaneConfig.of(
              Limits.defaults()
                  .vips(16)
                  .backends(16)
                  .ringSize(127)
                  .flowTableSize(4096)
                  .serverIds(16)
                  .sourceRoutes(16))
          .with(config -> {
            config.gue =
                new GueConfig(
                    GueConfig.NONE.port(),
                    (Inet4Address) Backend.of("192.0.2.1").address(),
                    null,
                    false);
            config.decapsulation = Decapsulation.ANY;
          });

  /** A change of a balancer. */
  record Change(String name, Consumer<LoadBalancer> run) {
    @Override
    public String toString() {
      return name;
    }
  }

  private static Change change(String name, Consumer<LoadBalancer> run) {
    return new Change(name, run);
  }

  static Stream<Change> changes() {
    return Stream.of(
        change("drain", lb -> lb.put(WEB.draining(ONE.key()))),
        change("remove a backend", lb -> lb.put(TRACKED.without(ONE.key()))),
        change("add a VIP", lb -> lb.put(Vip.tcp("203.0.113.20", 80).backends(THREE, V6).build())),
        change("remove VIPs", lb -> lb.apply(List.of(TRACKED, ROUTED))),
        change(
            "replace everything",
            lb ->
                lb.apply(
                    List.of(
                        WEB.with(GUE),
                        TRACKED.toBuilder().hashing(Hashing.SOURCE_ADDRESS).build(),
                        QUIC.without(THREE.key()),
                        Vip.udp("2001:db8::1", 53).backends(V6).build()))),
        change(
            "encapsulate otherwise",
            lb -> lb.apply(BEFORE.stream().map(RollbackContract::viaGue).toList())),
        change(
            "longer idle time",
            lb -> lb.put(WEB.toBuilder().idleTime(Duration.ofHours(2)).build())),
        change("server ids", lb -> lb.serverIds().putAll(Map.of(2, THREE, 3, V6))),
        change("fewer server ids", lb -> lb.serverIds().removeAll(Set.of(1, 2))),
        change("other server ids", lb -> lb.serverIds().replace(Map.of(2, GUE))),
        change("source routes", lb -> lb.sourceRoutes().putAll(Map.of(CLIENTS, THREE))),
        change("no source routes", lb -> lb.sourceRoutes().replace(Map.of())),
        change(
            "tunnel endpoints",
            lb -> lb.tunnelEndpoints().replace(Map.of(TUNNEL_END, TunnelEndpoint.EGRESS))),
        change(
            "marks",
            lb ->
                lb.downBackends().replace(Set.of(new DownBackends.Mark(QUIC.key(), THREE.key())))),
        change(
            "rewrite to another port",
            lb -> lb.put(REWRITING.without(AT_PORT.key()).with(AT_PORT.port(8081)))),
        change(
            "rewrite for another VIP",
            lb ->
                lb.apply(
                    Stream.concat(
                            BEFORE.stream().filter(vip -> !vip.equals(REWRITING)),
                            Stream.of(
                                REWRITING.without(SERVER.key()),
                                Vip.tcp("203.0.113.16", 443)
                                    .backends(SERVER)
                                    .forwarding(Forwarding.rewrite())
                                    .build()))
                        .toList())),
        change(
            "rewrite no longer",
            lb ->
                lb.put(
                    Vip.of(REWRITING.key())
                        .backends(SERVER)
                        .forwarding(Forwarding.direct())
                        .build())),
        change("watch", lb -> lb.watch(WEB.key())),
        change("apply a configuration", lb -> lb.apply(OTHER)),
        change("apply a configuration with few changes", lb -> lb.apply(slightlyOther(lb))));
  }

  /** A configuration that differs in each of its parts. */
  private static final Configuration OTHER =
      Configuration.builder()
          .vips(
              WEB.draining(ONE.key()),
              QUIC.with(GUE),
              ROUTED,
              Vip.udp("2001:db8::1", 53).backends(V6).build())
          .serverIds(Map.of(2, GUE, 3, THREE))
          .sourceRoutes(Map.of(CLIENTS, V6))
          .tunnelEndpoints(Map.of(TUNNEL_END, TunnelEndpoint.EGRESS))
          .downBackends(Map.of(QUIC.key(), Set.of(THREE.key())))
          .watch(ROUTED.key())
          .build();

  /** Returns a configuration in which one server id is new, one changes and one is gone. */
  private static Configuration slightlyOther(LoadBalancer lb) {
    Map<Integer, Backend> serverIds = new HashMap<>(lb.serverIds().entries());
    serverIds.remove(1);
    serverIds.put(2, V6);
    serverIds.put(3, GUE);
    return lb.configuration().toBuilder().serverIds(serverIds).build();
  }

  /** Returns a VIP that reaches its backends by GUE, but for the one that tables name. */
  private static Vip viaGue(Vip vip) {
    List<Backend> backends =
        vip.backends().stream()
            .map(each ->
                each.equals(TWO) || each.equals(V6) || each.port() != 0
                    ? each
                    : each.via(Forwarding.gue()))
            .toList();
    return vip.toBuilder().backends(backends).build();
  }

  /** Opens the dataplane under test. */
  abstract Dataplane open(DataplaneConfig config);

  /** A balancer whose dataplane can fail. */
  private final class Failing implements AutoCloseable {

    private final FakeClock clock = new FakeClock();
    private final FailingDataplane dataplane = new FailingDataplane(open(CONFIG));
    private final Control control =
        Balancers.control(dataplane.dataplane(), CONFIG, clock, (name, task) -> () -> {});
    private final LoadBalancer lb = Balancers.over(control);

    Failing() {
      install(lb);
    }

    List<Object> seen() {
      return RollbackContract.seen(lb);
    }

    @Override
    public void close() {
      dataplane.heal();
      lb.close();
    }
  }

  /** Installs what each test begins with. */
  static void install(LoadBalancer lb) {
    lb.apply(BEFORE);
    lb.serverIds().putAll(Map.of(1, TWO, 2, TWO));
    lb.serverIds().putAll(Maps.toMap(OTHER_IDS, id -> TWO));
    lb.sourceRoutes().put(CLIENTS, TWO);
    lb.tunnelEndpoints().put(TUNNEL_END, TunnelEndpoint.RECIRCULATE);
    lb.downBackends().add(QUIC.key(), TWO.key());
  }

  /** Returns everything that an application and its packets can see. */
  static List<Object> seen(LoadBalancer lb) {
    List<Object> seen = new ArrayList<>();
    for (int i = 0; i < FLOWS; i++) {
      for (Packet packet : packets(1000 + i)) {
        Simulation simulation = lb.simulate(packet.frame());
        seen.add(simulation.verdict());
        seen.add(Arrays.hashCode(simulation.frame()));
      }
      seen.add(lb.route(Flow.tcp("198.51.100.7", 1000 + i, "203.0.113.10", 443)).backend());
    }
    seen.add(Set.copyOf(lb.vips()));
    seen.add(Map.copyOf(lb.serverIds().entries()));
    seen.add(Map.copyOf(lb.sourceRoutes().entries()));
    seen.add(Map.copyOf(lb.tunnelEndpoints().entries()));
    seen.add(lb.downBackends().entries());
    seen.add(lb.configuration());
    return seen;
  }

  private static List<Packet> packets(int port) {
    return List.of(
        Packet.tcp("198.51.100.7", port, "203.0.113.10", 443),
        Packet.tcp("198.51.100.7", port, "203.0.113.11", 80),
        Packet.udp("198.51.100.7", port, "203.0.113.12", 443),
        Packet.udp("198.51.100.7", port, "203.0.113.12", 443).payload(quic(1 + port % 3)),
        Packet.tcp("198.51.100.7", port, "203.0.114.7", 443),
        Packet.tcp("198.51.100.7", port, "203.0.113.13", 443),
        Packet.tcp("192.0.2.7", port, "203.0.113.13", 443),
        Packet.tcp("198.51.100.7", port, "203.0.113.20", 80),
        Packet.udp("2001:db8::7", port, "2001:db8::1", 53),
        Packet.tcp("198.51.100.7", port, "203.0.113.15", 443),
        Packet.tcp("198.51.100.7", port, "203.0.113.16", 443),
        Packet.tcp("10.0.0.6", 443, "198.51.100.7", port),
        Packet.tcp("10.0.0.7", 8080, "198.51.100.7", port),
        Packet.tcp("10.0.0.7", 8081, "198.51.100.7", port),
        Packet.echoRequest("198.51.100.7", "203.0.113.12"),
        Packet.echoRequest("198.51.100.7", "203.0.113.20"));
  }

  /** Returns a QUIC packet with a short header and a connection id with a server id. */
  private static byte[] quic(int serverId) {
    byte[] payload = new byte[40];
    payload[0] = 0x40;
    payload[1] = (byte) 0x80;
    payload[4] = (byte) serverId;
    return payload;
  }

  private List<Object> seenAfter(Change change) {
    try (Failing balancer = new Failing()) {
      balancer.seen();
      change.run().accept(balancer.lb);
      return balancer.seen();
    }
  }

  /** Fails each write of a change in turn, before or after it had its effect. */
  @ParameterizedTest
  @MethodSource("changes")
  void change_anyWriteFails_isUndoneOrDone(Change change) {
    List<Object> after = seenAfter(change);
    int undone = 0;
    for (boolean late : List.of(false, true)) {
      boolean isComplete = false;
      for (int write = 0; !isComplete; ) {
        try (Failing balancer = new Failing()) {
          List<Object> before = balancer.seen();
          assertThat(balancer.seen()).isEqualTo(before);
          while (fails(balancer, change, only(write), late)) {
            balancer.dataplane.heal();
            assertThat(balancer.seen()).isEqualTo(before);
            undone++;
            write++;
          }
          isComplete = !balancer.dataplane.hasFailed();
          if (!isComplete) {
            balancer.dataplane.heal();
            balancer.control.tick(); // repeats the clean-up, which has failed
            write++;
          }
          assertThat(balancer.seen()).isEqualTo(after);
        }
      }
    }
    assertThat(undone).isPositive();
  }

  /** Fails each write of a change, and of its undoing each one in turn, and all of them. */
  @ParameterizedTest
  @MethodSource("changes")
  void change_undoFails_isRepaired(Change change) {
    int dirty = 0;
    try (Failing balancer = new Failing()) {
      List<Object> before = balancer.seen();
      assertThat(balancer.seen()).isEqualTo(before);
      int write = 0;
      while (fails(balancer, change, from(write), false)) {
        dirty += repaired(balancer, before);
        int first = write;
        int second = write + 1;
        do {
          int other = second++;
          if (!fails(balancer, change, number -> number == first || number == other, false)) {
            return;
          }
          dirty += repaired(balancer, before);
        } while (balancer.dataplane.writes() > second);
        write++;
      }
    }
    assertThat(dirty).isPositive();
  }

  /**
   * Checks that nothing has changed, once writes succeed again. Returns 1 if that took a repair.
   */
  private static int repaired(Failing balancer, List<Object> before) {
    boolean isDirty = balancer.control.isDirty();
    if (isDirty) {
      balancer.dataplane.fail(from(0), false);
      assertThatThrownBy(() -> balancer.lb.put(WEB.draining(TWO.key())))
          .isInstanceOf(LoadBalancerException.class)
          .hasMessageStartingWith("an earlier change failed, and ");
      balancer.dataplane.heal();
      balancer.control.tick();
    }
    balancer.dataplane.heal();
    assertThat(balancer.control.isDirty()).isFalse();
    assertThat(balancer.seen()).isEqualTo(before);
    return isDirty ? 1 : 0;
  }

  private static IntPredicate from(int first) {
    return number -> number >= first;
  }

  private static IntPredicate only(int write) {
    return number -> number == write;
  }

  private static boolean fails(Failing balancer, Change change, IntPredicate writes, boolean late) {
    balancer.dataplane.fail(writes, late);
    try {
      change.run().accept(balancer.lb);
      return false;
    } catch (FailingDataplane.WriteFailure e) {
      return true;
    }
  }
}
