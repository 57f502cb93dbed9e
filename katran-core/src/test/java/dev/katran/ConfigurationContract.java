package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import com.google.common.collect.ContiguousSet;
import com.google.common.collect.Maps;
import dev.katran.internal.control.FailingDataplane;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.InterceptedDataplane;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What {@link LoadBalancer#apply(Configuration)} does, on any dataplane. */
abstract class ConfigurationContract {

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("10.0.0.3");
  private static final Backend V6 = Backend.of("fc00::5");
  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();
  private static final Vip DNS =
      Vip.udp("203.0.113.11", 53)
          .backends(ONE)
          .sourceRouting(true)
          .udpStableRouting(true)
          .udpFlowMigration(true)
          .build();
  private static final Prefix CLIENTS = Prefix.of("198.51.100.0/24");
  private static final InetAddress TUNNEL_END = Backend.of("203.0.113.99").address();

  private static final Configuration WHOLE =
      Configuration.builder()
          .vips(WEB, DNS)
          .serverIds(Map.of(7, TWO))
          .sourceRoutes(Map.of(CLIENTS, THREE))
          .tunnelEndpoints(Map.of(TUNNEL_END, TunnelEndpoint.RECIRCULATE))
          .downBackends(Map.of(DNS.key(), Set.of(ONE.key())))
          .watch(WEB.key())
          .build();

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(
              Limits.defaults()
                  .vips(8)
                  .backends(8)
                  .ringSize(251)
                  .flowTableSize(1024)
                  .serverIds(100)
                  .sourceRoutes(4))
          .with(config -> config.decapsulation = Decapsulation.ANY);

  private final FakeClock clock = new FakeClock();
  private final List<String> calls = new ArrayList<>();
  private FailingDataplane failing;
  private LoadBalancer lb;

  /** Opens the dataplane under test. */
  abstract Dataplane open(DataplaneConfig config);

  @BeforeEach
  void open() {
    lb = open(CONFIG, clock);
  }

  private LoadBalancer open(DataplaneConfig config, FakeClock time) {
    failing =
        new FailingDataplane(
            InterceptedDataplane.of(
                open(config),
                (method, arguments, proceed) -> {
                  calls.add(method);
                  return proceed.call();
                }));
    return Balancers.over(
        Balancers.control(failing.dataplane(), config, time, (name, task) -> () -> {}));
  }

  @AfterEach
  void close() {
    lb.close();
  }

  private InetAddress backendOf(Packet packet) {
    return Encapsulated.read(lb.simulate(packet.frame()).frame()).destination();
  }

  private InetAddress backendOfServerId(int id) {
    byte[] header = {0x52, 0, 0, (byte) id, 0, 0, 0, 0};
    return backendOf(Packet.udp("192.0.2.7", 4000, "203.0.113.11", 53).payload(header));
  }

  @Test
  void configuration_newBalancer_isEmpty() {
    assertThat(lb.configuration()).isEqualTo(Configuration.of());
  }

  @Test
  void apply_whole_isToldAndInForce() {
    lb.apply(WHOLE);
    assertThat(lb.configuration()).isEqualTo(WHOLE);
    assertThat(lb.vips()).containsExactly(WEB, DNS);
    assertThat(lb.serverIds().entries()).isEqualTo(Map.of(7, TWO));
    assertThat(lb.sourceRoutes().entries()).isEqualTo(Map.of(CLIENTS, THREE));
    assertThat(lb.tunnelEndpoints().entries())
        .isEqualTo(Map.of(TUNNEL_END, TunnelEndpoint.RECIRCULATE));
    assertThat(lb.downBackends().entries())
        .containsExactly(new DownBackends.Mark(DNS.key(), ONE.key()));

    assertThat(backendOfServerId(7)).isEqualTo(TWO.address());
    assertThat(backendOf(Packet.udp("198.51.100.7", 4000, "203.0.113.11", 53)))
        .isEqualTo(THREE.address());
  }

  @Test
  void apply_watchOfAnotherVip_countsItsMisses() {
    Vip tracked = WEB.toBuilder().backends(ONE).tracking(Tracking.ALWAYS).build();
    Vip other = DNS.toBuilder().backends(TWO).tracking(Tracking.ALWAYS).build();
    Configuration configuration = Configuration.of(tracked, other);
    lb.apply(configuration.toBuilder().watch(tracked.key()).build());
    lb.apply(configuration.toBuilder().watch(other.key()).build());
    lb.simulate(Packet.tcp("192.0.2.7", 4000, "203.0.113.10", 443).frame());
    lb.simulate(Packet.udp("192.0.2.7", 4000, "203.0.113.11", 53).frame());
    assertThat(lb.counters().flowMissesByBackend(ONE.key())).contains(Count.ZERO);
    assertThat(lb.counters().flowMissesByBackend(TWO.key()).orElseThrow().packets()).isEqualTo(1);
  }

  @Test
  void configuration_changedByOtherMethods_tellsIt() {
    lb.put(WEB);
    lb.put(DNS);
    lb.serverIds().put(7, TWO);
    lb.sourceRoutes().put(CLIENTS, THREE);
    lb.tunnelEndpoints().put(TUNNEL_END, TunnelEndpoint.RECIRCULATE);
    lb.downBackends().add(DNS.key(), ONE.key());
    lb.watch(WEB.key());
    assertThat(lb.configuration()).isEqualTo(WHOLE);
  }

  @Test
  void configuration_vipOfMarkAndWatchRemoved_isLegal() {
    lb.apply(WHOLE);
    lb.remove(WEB);
    lb.remove(DNS);
    assertThat(lb.configuration())
        .isEqualTo(WHOLE.toBuilder().vips().downBackends(Map.of()).unwatch().build());
  }

  @Test
  void configuration_changeFails_isThatBefore() {
    lb.apply(WHOLE);
    failing.failAfter(0);
    assertThatExceptionOfType(FailingDataplane.WriteFailure.class)
        .isThrownBy(() -> lb.apply(Configuration.of(DNS)));
    assertThat(lb.configuration()).isEqualTo(WHOLE);
  }

  @Test
  void apply_unchanged_writesNothing() {
    lb.apply(WHOLE);
    failing.fail(write -> false, false);
    lb.apply(WHOLE);
    lb.apply(lb.configuration());
    lb.apply(Configuration.fromJson(WHOLE.toJson()));
    assertThat(failing.writes()).isZero();
  }

  @Test
  void apply_empty_removesEverything() {
    lb.apply(WHOLE);
    lb.apply(Configuration.of());
    assertThat(lb.configuration()).isEqualTo(Configuration.of());
    assertThat(lb.counters().backend(TWO)).isEmpty();
    assertThat(lb.simulate(Packet.tcp("192.0.2.7", 4000, "203.0.113.10", 443).frame()).verdict())
        .isEqualTo(Verdict.PASS);
  }

  @Test
  void apply_fewEntriesDiffer_writesOnlyThose() {
    Map<Integer, Backend> ids = ids(1, 99);
    lb.apply(WHOLE.toBuilder().serverIds(ids).build());

    ids.remove(1);
    ids.put(2, V6);
    ids.put(100, THREE);
    Configuration after = WHOLE.toBuilder().serverIds(ids).build();
    calls.clear();
    lb.apply(after);
    assertThat(calls).contains("serverIds.put", "serverIds.remove");
    assertThat(calls).doesNotContain("serverIds.replace", "sourceRoutes.replace", "vips.put");
    assertThat(lb.configuration()).isEqualTo(after);
    assertThat(backendOfServerId(1)).isEqualTo(ONE.address()); // by the ring
    assertThat(backendOfServerId(2)).isEqualTo(V6.address());
    assertThat(backendOfServerId(3)).isEqualTo(TWO.address());
    assertThat(backendOfServerId(100)).isEqualTo(THREE.address());
  }

  @Test
  void apply_fewEntriesDifferInAFullTable_replacesIt() {
    Map<Integer, Backend> ids = ids(1, 100);
    lb.apply(WHOLE.toBuilder().serverIds(ids).build());

    ids.remove(1);
    ids.put(101, THREE);
    calls.clear();
    lb.apply(WHOLE.toBuilder().serverIds(ids).build());
    assertThat(calls).contains("serverIds.replace").doesNotContain("serverIds.put");
    assertThat(backendOfServerId(1)).isEqualTo(ONE.address());
    assertThat(backendOfServerId(101)).isEqualTo(THREE.address());
  }

  private static Map<Integer, Backend> ids(int first, int last) {
    return new HashMap<>(Maps.asMap(ContiguousSet.closed(first, last), id -> TWO));
  }

  @Test
  void apply_afterEditsOfTables_countsTheirEntriesOnce() {
    lb.apply(WHOLE.toBuilder().serverIds(ids(1, 99)).build());
    Map<Integer, Backend> ids = ids(1, 99);
    ids.put(5, THREE);
    lb.apply(WHOLE.toBuilder().sourceRoutes(Map.of()).serverIds(ids).build());
    lb.apply(WHOLE.toBuilder().vips(DNS).unwatch().sourceRoutes(Map.of()).serverIds(ids).build());
    assertThat(lb.counters().backend(TWO)).isPresent();
    assertThat(lb.counters().backend(THREE)).isPresent();
    lb.serverIds().remove(5);
    assertThat(lb.counters().backend(THREE)).isEmpty();
    lb.serverIds().clear();
    assertThat(lb.counters().backend(TWO)).isEmpty();
    lb.serverIds().putAll(ids(1, 100));
    assertThatExceptionOfType(LimitExceededException.class)
        .isThrownBy(() -> lb.serverIds().put(101, TWO));
  }

  @Test
  void apply_tooManyEntries_throwsAndChangesNothing() {
    lb.apply(WHOLE);
    assertThatExceptionOfType(LimitExceededException.class)
        .isThrownBy(
            () -> lb.apply(Configuration.of(WEB).toBuilder().serverIds(ids(1, 101)).build()))
        .withMessage("101 server ids exceed the limit of 100");
    assertThat(lb.configuration()).isEqualTo(WHOLE);
  }

  @Test
  void apply_backendViaGueWithoutSource_throwsAndChangesNothing() {
    lb.apply(WHOLE);
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            lb.apply(
                Configuration.builder()
                    .vips(DNS)
                    .serverIds(Map.of(1, THREE.via(Forwarding.gue())))
                    .build()))
        .withMessageContaining("backend 10.0.0.3 via GUE needs an outer source address");
    assertThat(lb.configuration()).isEqualTo(WHOLE);
  }

  @Test
  void apply_tunnelEndpointsWithoutDecapsulation_throwsAndChangesNothing() {
    lb.close();
    lb = open(CONFIG.with(config -> config.decapsulation = Decapsulation.OFF), new FakeClock());
    assertThatIllegalStateException()
        .isThrownBy(() -> lb.apply(WHOLE))
        .withMessageContaining("203.0.113.99");
    assertThat(lb.configuration()).isEqualTo(Configuration.of());
  }

  @Test
  void apply_encapsulationOfSharedBackend_changesInVipsAndTablesAtOnce() {
    lb.apply(WHOLE);
    Backend local = THREE.local(true);
    Configuration after =
        WHOLE.toBuilder().vips(WEB.with(local), DNS).sourceRoutes(Map.of(CLIENTS, local)).build();
    lb.apply(after);
    assertThat(lb.configuration()).isEqualTo(after);
  }

  @Test
  void configuration_whileItIsChanged_isOneOrTheOther() throws Exception {
    Configuration other =
        WHOLE.toBuilder()
            .vips(WEB.draining(ONE.key()), DNS)
            .serverIds(ids(1, 99))
            .sourceRoutes(Map.of())
            .downBackends(Map.of())
            .watch(DNS.key()) // as WEB, with the same program
            .build();
    lb.apply(WHOLE);
    AtomicBoolean isDone = new AtomicBoolean();
    CompletableFuture<Set<Configuration>> seen =
        CompletableFuture.supplyAsync(() -> {
          Set<Configuration> told = new HashSet<>();
          while (!isDone.get()) {
            told.add(lb.configuration());
          }
          return told;
        });
    for (int i = 0; i < 40; i++) {
      lb.apply(i % 2 == 0 ? other : WHOLE);
    }
    isDone.set(true);
    assertThat(seen.get()).isSubsetOf(WHOLE, other);
  }

  @Test
  void apply_balancerClosed_throws() {
    lb.apply(WHOLE);
    lb.close();
    assertThatIllegalStateException().isThrownBy(() -> lb.apply(WHOLE));
  }
}
