package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.katran.AttachMode;
import dev.katran.Attachment;
import dev.katran.BalancerEvent;
import dev.katran.Decapsulator;
import dev.katran.Health;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerException;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.XdpHookBusyException;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
import dev.katran.needs.NeedsKernel;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Checks that a program comes back to its interface: after the interface, or after a detachment.
 */
@NeedsKernel
class AttachmentIT {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final Duration SOON = Duration.ofSeconds(2);

  private Testbed testbed;
  private Cable cable;
  private Vip vip;
  private StandardError log;

  @BeforeEach
  void create() throws Exception {
    testbed = Testbed.of(1, host -> Service.replying(host.name()), AttachMode.AUTOMATIC);
    cable = new Cable(testbed.lab(), testbed.balancer());
    vip = TunnelCase.IPV4_IN_IPV4.vip(testbed, Protocol.UDP);
    log = new StandardError();
  }

  @AfterEach
  void close() {
    log.close();
    cable.close();
    testbed.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"NATIVE", "GENERIC"})
  void interface_deletedAndCreatedAgainUnderTraffic_forwardsAgainSoon(AttachMode mode)
      throws Exception {
    AtomicBoolean isOver = new AtomicBoolean();
    try (LoadBalancer lb = testbed.open(builder -> builder.attach(mode))) {
      lb.put(vip);
      assertForwarded();
      Attachment before = lb.attachment().orElseThrow();
      List<BalancerEvent.Kind> events = new CopyOnWriteArrayList<>();
      lb.subscribe(event -> events.add(event.kind()));
      assertThat(lb.health().status()).isEqualTo(Health.Status.UP);
      FutureTask<Integer> traffic = new FutureTask<>(() -> requestUntil(isOver));
      Thread.ofPlatform().daemon().start(traffic);

      cable.cut();
      await().atMost(PATIENCE).until(() -> !lb.attachment().orElseThrow().isAttached());
      Attachment lost = lb.attachment().orElseThrow();
      assertThat(lb.health().problems())
          .extracting(Health.Problem::kind)
          .contains(Health.Kind.DETACHED);
      await().atMost(PATIENCE).until(() -> events.contains(BalancerEvent.Kind.DETACHED));
      lb.put(Vip.udp("203.0.113.77", 1).backends(vip.backends()).build());
      long start = System.nanoTime();
      cable.restore(Testbed.VIP_IPV4);
      await()
          .atMost(PATIENCE)
          .pollInterval(Duration.ofMillis(5))
          .until(() -> testbed.client().tryUdp(Testbed.target(vip)).isPresent());
      Duration outage = Duration.ofNanos(System.nanoTime() - start);
      isOver.set(true);

      assertThat(outage).isLessThan(SOON);
      assertThat(traffic.get()).isPositive();
      // packets are forwarded a moment before the balancer says so
      await().atMost(PATIENCE).until(() -> log.lines("XdpAttachment").size() > 1);
      assertThat(before.isAttached()).isTrue();
      assertThat(before.mode()).isEqualTo(mode);
      assertThat(before.interfaceName()).isEqualTo("eth0");
      assertThat(before.interfaceIndex()).isEqualTo(testbed.balancer().ifindex());
      assertThat(lost.programId()).isEmpty();
      assertThat(lost.interfaceIndex()).isEqualTo(before.interfaceIndex());
      assertThat(lost.since()).isBetween(before.since(), Instant.now());
      Attachment again = lb.attachment().orElseThrow();
      assertThat(again.isAttached()).isTrue();
      await().atMost(PATIENCE).until(() -> events.contains(BalancerEvent.Kind.ATTACHED));
      assertThat(again.mode()).isEqualTo(mode);
      assertThat(again.interfaceIndex()).isEqualTo(indexOfInterface());
      assertThat(again.interfaceIndex()).isNotEqualTo(before.interfaceIndex());
      assertThat(again.programId()).hasValue(programOfInterface());
      assertThat(lb.vips()).hasSize(2).contains(vip);
      assertThat(log.lines("XdpAttachment"))
          .satisfiesExactly(
              warning -> assertThat(warning).contains("WARN", "lost eth0", "deleted"),
              info -> assertThat(info).contains("INFO", "attached to eth0", "again"));
    } finally {
      isOver.set(true);
    }
  }

  @Test
  void interface_createdAgainWithOtherMac_balancesItsFrames() throws Exception {
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip);
      cable.cut();
      cable.restore(Testbed.VIP_IPV4);
      try (Rtnetlink netlink = testbed.balancer().call(() -> Rtnetlink.open())) {
        netlink.setMac(indexOfInterface(), MacAddress.parse("02:00:00:00:00:77"));
      }

      await()
          .atMost(PATIENCE)
          .until(() -> testbed.client().tryUdp(Testbed.target(vip)).isPresent());
    }
  }

  @Test
  void link_detachedFromOutside_isAttachedAgainSoon() throws Exception {
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip);
      assertForwarded();
      Attachment before = lb.attachment().orElseThrow();
      long start = System.nanoTime();
      LinkDetachment.detach(before.programId().orElseThrow());
      assertThat(programOfInterface()).isZero();

      await().atMost(PATIENCE).until(() -> programOfInterface() != 0);
      assertForwarded();

      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(SOON);
      assertThat(packets(lb)).isEqualTo(2);
      Attachment again = lb.attachment().orElseThrow();
      assertThat(again.interfaceIndex()).isEqualTo(before.interfaceIndex());
      assertThat(again.programId()).hasValue(programOfInterface());
      assertThat(again.since()).isAfter(before.since());
      assertThat(log.lines("XdpAttachment"))
          .satisfiesExactly(
              warning -> assertThat(warning).contains("WARN", "lost eth0", "detached"),
              info -> assertThat(info).contains("INFO", "attached to eth0", "again"));
    }
  }

  @Test
  void link_detachedAndHookTaken_isNotReplacedAndComesBackLater() throws Exception {
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip);
      LinkDetachment.detach(lb.attachment().orElseThrow().programId().orElseThrow());
      try (Decapsulator other =
          testbed.balancer().call(() -> Decapsulator.on(Host.INTERFACE).open())) {
        await()
            .atMost(PATIENCE)
            .until(() -> log.lines("XdpAttachment").stream().anyMatch(l -> l.contains("cannot")));
        assertThat(lb.attachment().orElseThrow().isAttached()).isFalse();
        assertThat(programOfInterface()).isEqualTo(other.attachment().programId().orElseThrow());
        Thread.sleep(SOON); // it tries again, without another word
      }

      await().atMost(PATIENCE).until(() -> lb.attachment().orElseThrow().isAttached());
      assertForwarded();
      assertThat(log.lines("XdpAttachment"))
          .satisfiesExactly(
              lost -> assertThat(lost).contains("WARN", "lost eth0"),
              busy -> assertThat(busy).contains("WARN", "already has another XDP program"),
              again -> assertThat(again).contains("INFO", "again"));
    }
  }

  @Test
  void decapsulator_interfaceCreatedAgain_decapsulatesAgain() throws Exception {
    Server server = testbed.servers().getFirst();
    try (LoadBalancer lb = testbed.open();
        Cable ofServer = new Cable(testbed.lab(), server.host())) {
      lb.put(vip);
      assertForwarded();
      ofServer.cut();
      await().atMost(PATIENCE).until(() -> !server.decapsulator().attachment().isAttached());
      ofServer.restore();

      await()
          .atMost(PATIENCE)
          .until(() -> testbed.client().tryUdp(Testbed.target(vip)).isPresent());
      assertThat(server.decapsulator().attachment().isAttached()).isTrue();
    }
  }

  @Test
  void close_interfaceGone_isQuickAndLeavesNothing() throws Exception {
    long threads = keepers(); // of the server's decapsulator
    LoadBalancer lb = testbed.open();
    assertThat(keepers()).isGreaterThan(threads);
    lb.put(vip);
    cable.cut();
    await().atMost(PATIENCE).until(() -> !lb.attachment().orElseThrow().isAttached());
    long start = System.nanoTime();
    lb.close();

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(1));
    cable.restore(Testbed.VIP_IPV4);
    await().atMost(SOON).until(() -> keepers() == threads);
    Thread.sleep(SOON);
    assertThat(programOfInterface()).isZero();
    assertThatThrownBy(lb::attachment).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void interface_changesItsMacOften_keepsOneProgram() throws Exception {
    try (LoadBalancer lb = testbed.open();
        Rtnetlink netlink = testbed.balancer().call(() -> Rtnetlink.open())) {
      lb.put(vip);
      changeMac(lb, netlink, "02:00:00:00:00:70");
      long descriptors = openDescriptors();
      for (int i = 1; i < 5; i++) {
        changeMac(lb, netlink, "02:00:00:00:00:7" + i);
      }

      await()
          .atMost(SOON)
          .untilAsserted(() -> assertThat(openDescriptors()).isEqualTo(descriptors));
      assertThat(lb.attachment().orElseThrow().programId()).hasValue(programOfInterface());
      assertThat(log.lines("XdpAttachment")).isEmpty();
    }
  }

  /** Changes the MAC address of the balancer's interface and waits for the program to follow. */
  private void changeMac(LoadBalancer lb, Rtnetlink netlink, String mac) {
    int before = lb.attachment().orElseThrow().programId().orElseThrow();
    netlink.setMac(testbed.balancer().ifindex(), MacAddress.parse(mac));
    await()
        .atMost(PATIENCE)
        .until(() -> lb.attachment().orElseThrow().programId().orElseThrow() != before);
  }

  @Test
  void openAndClose_manyTimes_leavesNoDescriptorsAndNoThreads() throws Exception {
    testbed.open().close(); // loads what stays loaded
    long descriptors = openDescriptors();
    long threads = keepers();
    for (int i = 0; i < 10; i++) {
      testbed.open().close();
    }

    await().atMost(SOON).until(() -> keepers() == threads);
    assertThat(openDescriptors()).isEqualTo(descriptors);
  }

  @Test
  void open_mtuTooLarge_namesItRatherThanFallingBack() throws Exception {
    setMtuOfRouter(9000);

    assertThatThrownBy(() -> testbed.open())
        .isInstanceOf(LoadBalancerException.class)
        .isNotInstanceOf(XdpHookBusyException.class)
        .hasMessageContaining("ERANGE")
        .hasMessageContaining("Peer MTU is too large to set XDP")
        .hasMessageContaining("ip link set eth0 mtu");
    assertThat(programOfInterface()).isZero();
    try (LoadBalancer lb = testbed.open(builder -> builder.attach(AttachMode.GENERIC))) {
      assertThat(lb.attachment().orElseThrow().mode()).isEqualTo(AttachMode.GENERIC);
    }
  }

  @Test
  void attachment_withoutInterface_isEmpty() {
    try (LoadBalancer detached = LoadBalancer.detached().open();
        LoadBalancer inMemory = LoadBalancer.inMemory().open()) {
      assertThat(detached.attachment()).isEmpty();
      assertThat(inMemory.attachment()).isEmpty();
    }
  }

  private static long openDescriptors() throws IOException {
    try (var descriptors = Files.list(Path.of("/proc/self/fd"))) {
      return descriptors.count();
    }
  }

  private static long keepers() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("katran interface"))
        .count();
  }

  private void setMtuOfRouter(int mtu) throws Exception {
    try (Rtnetlink netlink = testbed.lab().router().call(() -> Rtnetlink.open())) {
      netlink.setMtu(netlink.link("balancer").index(), mtu);
    }
  }

  private void assertForwarded() throws Exception {
    InetSocketAddress source = testbed.client().source(Testbed.target(vip), 0);
    assertThat(testbed.client().udp(source, Testbed.target(vip), new byte[] {'?'}))
        .asString()
        .isEqualTo("server-1");
  }

  /** Sends requests and returns how many were answered. */
  private int requestUntil(AtomicBoolean isOver) throws Exception {
    int answered = 0;
    while (!isOver.get()) {
      answered += testbed.client().tryUdp(Testbed.target(vip)).isPresent() ? 1 : 0;
    }
    return answered;
  }

  private long packets(LoadBalancer lb) {
    return lb.counters().vip(vip).orElseThrow().packets();
  }

  private int programOfInterface() throws Exception {
    try (Rtnetlink netlink = testbed.balancer().call(() -> Rtnetlink.open())) {
      return netlink.link(Host.INTERFACE).xdpProgramId();
    }
  }

  private int indexOfInterface() throws Exception {
    try (Rtnetlink netlink = testbed.balancer().call(() -> Rtnetlink.open())) {
      return netlink.link(Host.INTERFACE).index();
    }
  }
}
