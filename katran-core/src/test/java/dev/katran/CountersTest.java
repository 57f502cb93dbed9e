package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.packets.Packet;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CountersTest {

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Vip WEB =
      Vip.tcp("203.0.113.10", 443).backends(ONE).tracking(Tracking.ALWAYS).build();
  private static final Vip DNS = Vip.udp("203.0.113.10", 53).backends(TWO).build();

  private final LoadBalancer lb =
      LoadBalancer.inMemory()
          .limits(Limits.defaults().vips(4).backends(4).ringSize(251).flowTableSize(1024))
          .open();
  private final Counters counters = lb.counters();

  @AfterEach
  void close() {
    lb.close();
  }

  private void simulate(Vip vip) {
    Packet packet =
        vip.protocol() == Protocol.TCP
            ? Packet.tcp("198.51.100.7", 4000, "203.0.113.10", 443)
            : Packet.udp("198.51.100.7", 4000, "203.0.113.10", 53);
    assertThat(lb.simulate(packet.frame()).verdict()).isEqualTo(Verdict.TX);
  }

  @Test
  void vip_notInstalled_isEmpty() {
    lb.put(DNS);

    assertThat(counters.vip(WEB.key())).isEmpty();
    assertThat(counters.vip(WEB)).isEmpty();
    assertThat(counters.decapsulated(WEB.key())).isEmpty();
    assertThat(counters.serverIds(WEB.key())).isEmpty();
  }

  @Test
  void backend_notInstalled_isEmpty() {
    lb.put(DNS);

    assertThat(counters.backend(ONE.key())).isEmpty();
    assertThat(counters.backend(ONE)).isEmpty();
    assertThat(counters.flowMissesByBackend(ONE.key())).isEmpty();
  }

  @Test
  void vipAndBackend_installedWithoutPackets_areZero() {
    lb.put(WEB);

    assertThat(counters.vip(WEB.key())).contains(Count.ZERO);
    assertThat(counters.decapsulated(WEB.key())).contains(Count.ZERO);
    assertThat(counters.serverIds(WEB.key())).contains(new Counters.ServerIdCounts(0, 0));
    assertThat(counters.backend(ONE.key())).contains(Count.ZERO);
    assertThat(counters.flowMissesByBackend(ONE.key())).contains(Count.ZERO);
  }

  @Test
  void vipAndBackend_keptCounters_followInstallationAndRemoval() {
    lb.put(WEB);
    simulate(WEB);
    assertThat(counters.vip(WEB).orElseThrow().packets()).isEqualTo(1);
    assertThat(counters.backend(ONE)).isEqualTo(counters.vip(WEB));

    lb.remove(WEB);
    assertThat(counters.vip(WEB)).isEmpty();
    assertThat(counters.backend(ONE)).isEmpty();

    lb.put(WEB);
    assertThat(counters.vip(WEB)).contains(Count.ZERO);
    assertThat(counters.backend(ONE)).contains(Count.ZERO);
  }

  @Test
  void backend_onlyInTable_isPresentUntilTheEntryIsRemoved() {
    lb.serverIds().put(7, TWO);
    assertThat(counters.backend(TWO)).contains(Count.ZERO);

    lb.serverIds().remove(7);
    assertThat(counters.backend(TWO)).isEmpty();
  }

  @Test
  void backend_keyOnly_identifiesIt() {
    lb.put(WEB);
    simulate(WEB);

    assertThat(counters.backend(BackendKey.of("10.0.0.1")))
        .isEqualTo(counters.backend(ONE.weight(7).draining(true)))
        .isPresent();
  }

  @Test
  void snapshot_vipsAndBackends_hasTheCountsOfItsTime() {
    lb.apply(List.of(WEB, DNS));
    lb.remove(DNS); // whose indices are below those of the next one
    lb.put(DNS);
    simulate(WEB);
    simulate(DNS);
    simulate(DNS);

    Counters.Snapshot snapshot = counters.snapshot();
    Count web = counters.vip(WEB).orElseThrow();
    Count dns = counters.vip(DNS).orElseThrow();
    simulate(WEB);
    lb.remove(DNS);

    assertThat(web.packets()).isEqualTo(1);
    assertThat(dns.packets()).isEqualTo(2);
    assertThat(snapshot.vips()).isEqualTo(Map.of(WEB.key(), web, DNS.key(), dns));
    assertThat(snapshot.backends()).isEqualTo(Map.of(ONE.key(), web, TWO.key(), dns));
    assertThat(snapshot).hasToString("counts of 2 VIPs and 2 backends");
    assertThat(counters.snapshot().vips()).containsOnlyKeys(WEB.key());
  }

  @Test
  void flowMissesByBackend_watchedVip_countsItsMisses() {
    lb.put(WEB);
    simulate(WEB);
    lb.watch(WEB.key());
    lb.flows().purge(WEB.key());
    simulate(WEB);
    simulate(WEB);

    assertThat(counters.flowMissesByBackend(ONE.key()).orElseThrow().packets()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 4})
  void version_outOfRange_throws(int version) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> counters.quic().version(version))
        .withMessage("connection id version %d is not in 0..3", version);
  }
}
