package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.BpfMap;
import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import dev.katran.packets.Packet;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A pinned balancer without an interface: what the next one finds, and what it refuses. */
@NeedsKernel
@NeedsNamespaces
class PinnedBalancerTest {

  private static final Limits LIMITS =
      Limits.defaults()
          .vips(8)
          .backends(16)
          .ringSize(251)
          .flowTableSize(1024)
          .serverIds(100)
          .sourceRoutes(16);
  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2").weight(3);
  private static final Backend THREE = Backend.of("fc00::3");
  private static final Vip WEB = Vip.tcp("203.0.113.10", 80).backends(ONE, TWO).build();
  private static final Vip DNS =
      Vip.udp("2001:db8::1", 53)
          .backends(TWO, THREE)
          .tracking(Tracking.ALWAYS)
          .udpFlowMigration(true)
          .build();

  private BpfMount files;
  private Path folder;

  @BeforeEach
  void mount() {
    files = BpfMount.open();
    folder = files.path().resolve("katran");
  }

  @AfterEach
  void unmount() {
    files.close();
  }

  private LoadBalancerBuilder balancer() {
    return LoadBalancer.detached().limits(LIMITS).decapsulation(Decapsulation.ANY).pinnedAt(folder);
  }

  private static Simulation simulate(LoadBalancer lb, int port) {
    return lb.simulate(Packet.tcp("198.51.100.7", port, "203.0.113.10", 80).frame());
  }

  @Test
  void open_afterClose_continuesWithEverything() throws Exception {
    Configuration configuration;
    long packets;
    try (LoadBalancer lb = balancer().open()) {
      assertThat(lb.adopted()).isFalse();
      lb.apply(List.of(WEB, DNS));
      lb.serverIds().putAll(Map.of(7, ONE, 8, THREE));
      lb.sourceRoutes().put(Prefix.of("198.51.100.0/24"), TWO);
      lb.tunnelEndpoints().put(InetAddress.ofLiteral("192.0.2.7"), TunnelEndpoint.EGRESS);
      lb.downBackends().replace(Set.of(new DownBackends.Mark(DNS.key(), THREE.key())));
      lb.watch(DNS.key());
      for (int port = 1000; port < 1020; port++) {
        simulate(lb, port);
      }
      configuration = lb.configuration();
      packets = lb.counters().vip(WEB).orElseThrow().packets();
    }
    try (LoadBalancer lb = balancer().open()) {
      assertThat(lb.adopted()).isTrue();
      assertThat(lb.configuration()).isEqualTo(configuration);
      assertThat(lb.counters().vip(WEB).orElseThrow().packets()).isEqualTo(packets).isPositive();
      assertThat(simulate(lb, 1000).verdict()).isEqualTo(Verdict.TX);
      lb.uninstall();
    }
    assertThat(Files.exists(folder)).isFalse();
  }

  @Test
  void open_changeOfTheLastProcessInProgress_keepsItsFlows() {
    try (LoadBalancer lb = balancer().open()) {
      lb.put(WEB);
      for (int port = 1000; port < 1100; port++) {
        simulate(lb, port);
      }
      lb.put(WEB.draining(ONE.key()));
    }
    try (LoadBalancer lb = balancer().open()) {
      VipStatus status = lb.status(WEB.key()).orElseThrow();
      assertThat(status.changing()).isPositive();
      assertThat(lb.kernelResources().instructions()).isPositive();
      lb.put(WEB);
      lb.remove(WEB);
      assertThat(lb.vips()).isEmpty();
    }
  }

  @Test
  void open_otherSettings_usesThem() {
    try (LoadBalancer lb = balancer().open()) {
      lb.put(WEB);
    }
    try (LoadBalancer lb = balancer().changeWindow(Duration.ofSeconds(5)).guePort(6081).open()) {
      assertThat(lb.adopted()).isTrue();
      assertThat(lb.vips()).containsExactly(WEB);
    }
  }

  @Test
  void open_otherLimits_isRefusedAndHarmless() {
    try (LoadBalancer lb = balancer().open()) {
      lb.put(WEB);
    }
    assertThatThrownBy(() -> balancer().limits(LIMITS.ringSize(509)).open())
        .isInstanceOf(LoadBalancerException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("Limits.ringSize was 251 and is now 509");
    try (LoadBalancer lb = balancer().open()) {
      assertThat(lb.vips()).containsExactly(WEB);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "g1-vips",
        "g1-vips_now",
        "g1-vip_rings",
        "g1-ring_chunk_0",
        "g1-backends",
        "g1-control"
      })
  void open_mapRemoved_isRefusedWithItsName(String pin) throws IOException {
    try (LoadBalancer lb = balancer().open()) {
      lb.put(WEB);
    }
    Files.delete(folder.resolve(pin));
    assertThatThrownBy(() -> balancer().open())
        .isInstanceOf(LoadBalancerException.class)
        .hasMessageContaining("cannot continue what is pinned in " + folder);
    assertThat(LoadBalancer.uninstall(folder)).isTrue();
    try (LoadBalancer lb = balancer().open()) {
      assertThat(lb.adopted()).isFalse();
    }
  }

  @Test
  void open_journalDamaged_isRefused() {
    try (LoadBalancer lb = balancer().open()) {
      lb.put(WEB);
    }
    try (BpfMap journal = BpfMap.openPinned(folder.resolve("g1-control"))) {
      byte before = journal.mmap().get(ValueLayout.JAVA_BYTE, 20);
      journal.mmap().set(ValueLayout.JAVA_BYTE, 20, (byte) (before + 1));
    }
    assertThatThrownBy(() -> balancer().open())
        .isInstanceOf(LoadBalancerException.class)
        .hasMessageContaining("checksum");
  }

  @Test
  void open_earlierOpenFailed_startsAnew() throws IOException {
    balancer().open().close();
    Files.delete(folder.resolve("g1-settings"));
    try (LoadBalancer lb = balancer().open()) {
      assertThat(lb.adopted()).isFalse();
      lb.put(WEB);
    }
  }

  @Test
  void put_manyTimes_journalIsReplacedWhenItIsFull() {
    try (LoadBalancer lb = balancer().open()) {
      for (int weight = 1; weight <= 400; weight++) {
        lb.put(WEB.with(ONE.weight(weight)));
      }
    }
    try (LoadBalancer lb = balancer().open()) {
      assertThat(lb.vip(WEB.key()).orElseThrow().backends()).contains(ONE.weight(400));
    }
  }

  @Test
  void uninstall_foreignFilesInTheFolder_namesThem() throws IOException {
    try (LoadBalancer lb = balancer().open()) {
      Files.createDirectories(folder.resolve("foreign").resolve("file"));
      assertThatThrownBy(lb::uninstall)
          .isInstanceOf(LoadBalancerException.class)
          .hasMessageContaining("foreign");
    }
  }

  @Test
  void pinnedAt_relativePathOrInMemory_isRefused() {
    assertThatThrownBy(() -> LoadBalancer.detached().pinnedAt(Path.of("katran")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("katran");
    assertThatThrownBy(() -> LoadBalancer.inMemory().pinnedAt(folder))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(folder.toString());
    assertThatThrownBy(() -> balancer().adoptWithin(Duration.ofSeconds(-1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("PT-1S");
  }
}
