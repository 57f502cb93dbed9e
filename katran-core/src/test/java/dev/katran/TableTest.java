package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.internal.control.FailingDataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TableTest {

  private static final Limits LIMITS =
      Limits.defaults()
          .vips(8)
          .backends(8)
          .ringSize(251)
          .flowTableSize(1024)
          .serverIds(3)
          .sourceRoutes(2);
  private static final DataplaneConfig CONFIG = DataplaneConfig.of(LIMITS);

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("10.0.0.3");
  private static final Vip DNS =
      Vip.udp("203.0.113.10", 53).backends(ONE).sourceRouting(true).udpStableRouting(true).build();

  private final FailingDataplane dataplane = new FailingDataplane(new JavaDataplane(CONFIG));
  private final LoadBalancer lb = Balancers.over(dataplane.dataplane(), CONFIG);

  @AfterEach
  void close() {
    lb.close();
  }

  private InetAddress backendOf(Packet packet) {
    return Encapsulated.read(lb.simulate(packet.frame()).frame()).destination();
  }

  private InetAddress backendOfClient(String client) {
    return backendOf(Packet.udp(client, 4000, "203.0.113.10", 53));
  }

  private InetAddress backendOfServerId(int id) {
    byte[] header = {0x52, (byte) (id >> 16), (byte) (id >> 8), (byte) id, 0, 0, 0, 0};
    return backendOf(Packet.udp("198.51.100.7", 4000, "203.0.113.10", 53).payload(header));
  }

  @Test
  void put_serverId_appliesUntilRemoved() {
    lb.put(DNS);
    assertThat(lb.serverIds().size()).isZero();
    assertThat(backendOfServerId(7)).isEqualTo(ONE.address());

    lb.serverIds().put(7, TWO);
    assertThat(lb.serverIds().get(7)).contains(TWO);
    assertThat(backendOfServerId(7)).isEqualTo(TWO.address());

    lb.serverIds().put(7, THREE);
    assertThat(lb.serverIds().entries()).isEqualTo(Map.of(7, THREE));
    assertThat(backendOfServerId(7)).isEqualTo(THREE.address());

    assertThat(lb.serverIds().remove(7)).isTrue();
    assertThat(lb.serverIds().remove(7)).isFalse();
    assertThat(backendOfServerId(7)).isEqualTo(ONE.address());
  }

  @Test
  void putAll_sourceRoutes_longestPrefixWins() {
    lb.put(DNS);
    lb.sourceRoutes()
        .putAll(Map.of(Prefix.of("198.51.100.0/24"), TWO, Prefix.of("198.51.100.7"), THREE));
    assertThat(backendOfClient("198.51.100.7")).isEqualTo(THREE.address());
    assertThat(backendOfClient("198.51.100.8")).isEqualTo(TWO.address());
    assertThat(backendOfClient("198.51.101.8")).isEqualTo(ONE.address());
    Route route = lb.route(Flow.udp("198.51.100.7", 4000, "203.0.113.10", 53));
    assertThat(route.reason()).isEqualTo(Route.Reason.SOURCE_ROUTE);
    assertThat(route.backend()).contains(THREE);
  }

  @Test
  void replace_removesOtherEntries() {
    lb.put(DNS);
    lb.serverIds().putAll(Map.of(1, ONE, 2, TWO));
    lb.serverIds().replace(Map.of(2, THREE, 3, TWO));
    assertThat(lb.serverIds().entries()).isEqualTo(Map.of(2, THREE, 3, TWO));
    assertThat(backendOfServerId(1)).isEqualTo(ONE.address()); // routed by the ring
    assertThat(backendOfServerId(2)).isEqualTo(THREE.address());
    lb.serverIds().clear();
    assertThat(lb.serverIds().entries()).isEmpty();
    assertThat(backendOfServerId(2)).isEqualTo(ONE.address());
  }

  @Test
  void entries_afterAnyChange_showsIt() {
    Map<Integer, Backend> entries = lb.serverIds().entries();
    assertThat(entries).isEmpty();
    lb.serverIds().put(1, ONE);
    assertThat(entries).isEqualTo(Map.of(1, ONE)).containsEntry(1, ONE).doesNotContainKey(2);
    lb.serverIds().replace(Map.of(2, TWO, 3, THREE));
    assertThat(entries).isEqualTo(Map.of(2, TWO, 3, THREE)).hasSize(2);
    assertThat(entries.keySet()).containsExactlyInAnyOrder(2, 3);
    lb.serverIds().remove(2);
    assertThat(entries.get(2)).isNull();
    assertThat(entries.values()).containsExactly(THREE);
    lb.serverIds().clear();
    assertThat(entries).isEmpty();
  }

  @Test
  void entries_iterator_seesTheTimeItBegan() {
    lb.serverIds().putAll(Map.of(1, ONE, 2, TWO));
    Set<Integer> seen = new HashSet<>();
    for (int id : lb.serverIds().entries().keySet()) {
      lb.serverIds().replace(Map.of(3, THREE));
      seen.add(id);
    }
    assertThat(seen).containsExactlyInAnyOrder(1, 2);
  }

  @Test
  void entries_modified_throws() {
    lb.serverIds().put(1, ONE);
    Map<Integer, Backend> entries = lb.serverIds().entries();
    assertThatThrownBy(() -> entries.put(2, TWO)).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> entries.remove(1)).isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(entries::clear).isInstanceOf(UnsupportedOperationException.class);
    assertThat(entries).isEqualTo(Map.of(1, ONE));
  }

  @Test
  void remove_lastEntryOfBackend_uninstallsBackend() {
    lb.serverIds().putAll(Map.of(1, TWO, 2, TWO));
    assertThat(lb.counters().backend(TWO)).contains(Count.ZERO);
    lb.serverIds().remove(1);
    assertThat(lb.counters().backend(TWO)).contains(Count.ZERO);
    lb.serverIds().remove(2);
    assertThat(lb.counters().backend(TWO)).isEmpty();
  }

  @Test
  void putAll_tooManyEntries_throwsAndPutsNone() {
    lb.serverIds().putAll(Map.of(1, ONE, 2, ONE));
    assertThatExceptionOfType(LimitExceededException.class)
        .isThrownBy(() -> lb.serverIds().putAll(Map.of(2, TWO, 3, TWO, 4, TWO)))
        .withMessage("4 server ids exceed the limit of 3");
    assertThat(lb.serverIds().entries()).isEqualTo(Map.of(1, ONE, 2, ONE));
    lb.serverIds().putAll(Map.of(2, TWO, 3, TWO));
    lb.serverIds().remove(3);
    lb.serverIds().put(4, TWO);
    assertThat(lb.serverIds().entries()).isEqualTo(Map.of(1, ONE, 2, TWO, 4, TWO));
  }

  @Test
  void put_sourceRoutesOfOneFamilyFull_throws() {
    lb.sourceRoutes()
        .putAll(
            Map.of(
                Prefix.of("10.0.0.0/8"), ONE,
                Prefix.of("11.0.0.0/8"), ONE,
                Prefix.of("fc00::/16"), ONE,
                Prefix.of("fd00::/16"), ONE));
    assertThatExceptionOfType(LimitExceededException.class)
        .isThrownBy(() -> lb.sourceRoutes().put(Prefix.of("12.0.0.0/8"), ONE))
        .withMessage("3 source routes exceed the limit of 2");
  }

  @Test
  void put_serverIdNotPositive_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.serverIds().put(0, ONE))
        .withMessage("server id 0 is not in 1..2147483647");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.serverIds().replace(Map.of(1, ONE, -5, ONE)))
        .withMessage("server id -5 is not in 1..2147483647");
    assertThat(lb.serverIds().size()).isZero();
  }

  @Test
  void put_tunnelEndpointWithoutDecapsulation_throws() {
    assertThatIllegalStateException()
        .isThrownBy(() -> lb.tunnelEndpoints().put(ONE.address(), TunnelEndpoint.RECIRCULATE))
        .withMessageContaining("10.0.0.1");
  }

  @Test
  void putAll_writeFails_changesNothing() {
    lb.put(DNS);
    lb.serverIds().putAll(Map.of(1, TWO, 2, TWO));
    for (int writes = 0; ; writes++) {
      dataplane.failAfter(writes);
      try {
        lb.serverIds().putAll(Map.of(2, THREE, 3, THREE));
        break;
      } catch (FailingDataplane.WriteFailure e) {
        assertThat(lb.serverIds().entries()).isEqualTo(Map.of(1, TWO, 2, TWO));
        assertThat(backendOfServerId(2)).isEqualTo(TWO.address());
        assertThat(backendOfServerId(3)).isEqualTo(ONE.address());
      }
      assertThat(writes).isLessThan(10);
    }
    assertThat(dataplane.hasFailed()).isFalse();
    assertThat(backendOfServerId(3)).isEqualTo(THREE.address());
  }

  @Test
  void put_backendReachedDifferently_throws() {
    lb.put(DNS);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lb.serverIds().put(1, ONE.local(true)))
        .withMessageContaining("backend 10.0.0.1")
        .withMessageContaining("IPIP, local");
    assertThat(lb.serverIds().size()).isZero();
  }

  @Test
  void put_balancerClosed_throws() {
    lb.close();
    assertThatThrownBy(() -> lb.serverIds().put(1, ONE))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the load balancer is closed");
    assertThatThrownBy(() -> lb.serverIds().removeAll(Set.of(1)))
        .isInstanceOf(IllegalStateException.class);
  }
}
