package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.katran.AttachMode;
import dev.katran.Attachment;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;
import dev.katran.LoadBalancerException;
import dev.katran.Protocol;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.XdpHookBusyException;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A host's own program on the interface calls the balancer by a tail call. */
@NeedsKernel
@NeedsNamespaces
class TailCallIT {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final int INDEX = 2;

  private BpfMount files;
  private Path pin;
  private Path folder;
  private Testbed testbed;
  private HostProgram root;
  private Vip vip;
  private StandardError log;

  @BeforeEach
  void create() throws Exception {
    files = BpfMount.open();
    pin = files.path().resolve("dispatched");
    folder = files.path().resolve("katran");
    testbed = Testbed.of(1, host -> Service.replying(host.name()), AttachMode.AUTOMATIC);
    root = HostProgram.start(testbed.balancer(), pin, "dispatch");
    vip = TunnelCase.IPV4_IN_IPV4.vip(testbed, Protocol.UDP);
    log = new StandardError();
  }

  @AfterEach
  void close() throws Exception {
    log.close();
    testbed.close();
    root.close();
    files.close();
  }

  private LoadBalancerBuilder called(LoadBalancerBuilder builder) {
    return builder.tailCallFrom(pin, INDEX);
  }

  private LoadBalancer openPinned() throws Exception {
    return testbed.open(builder -> called(builder).pinnedAt(folder));
  }

  @Test
  void tailCallFrom_emptyElement_forwardsUntilClosed() throws Exception {
    try (LoadBalancer lb = testbed.open(this::called)) {
      lb.put(vip);
      assertForwarded();

      Attachment attachment = lb.attachment().orElseThrow();
      assertThat(attachment.isAttached()).isTrue();
      assertThat(attachment.calledFrom()).hasValue("index 2 of " + pin);
      assertThat(attachment.mode()).isEqualTo(AttachMode.NATIVE);
      assertThat(attachment.toString()).contains("called from index 2 of " + pin);
      assertThat(root.programAt(INDEX)).isPresent();
      assertThat(programOfInterface()).isEqualTo(root.id());
    }
    assertThat(root.programAt(INDEX)).isEmpty();
    assertThat(programOfInterface()).isEqualTo(root.id());
    assertThat(testbed.client().tryUdp(Testbed.target(vip))).isEmpty();
  }

  @Test
  void programs_replacedWhileCalled_leaveTheElementAlone() throws Exception {
    try (LoadBalancer lb = testbed.open(this::called)) {
      lb.put(vip);
      int element = root.programAt(INDEX).orElseThrow();
      int before = lb.attachment().orElseThrow().programId().orElseThrow();
      lb.put(Vip.udp("203.0.113.77", 1).backends(vip.backends()).tracking(Tracking.ALWAYS).build());

      assertForwarded();
      assertThat(lb.attachment().orElseThrow().programId().orElseThrow()).isNotEqualTo(before);
      assertThat(root.programAt(INDEX)).hasValue(element);
    }
  }

  @Test
  void element_takenOutFromOutside_isPutInAgain() throws Exception {
    try (LoadBalancer lb = testbed.open(this::called)) {
      lb.put(vip);
      assertForwarded();
      root.empty(INDEX);

      await().atMost(PATIENCE).until(() -> root.programAt(INDEX).isPresent());
      assertForwarded();
      await().atMost(PATIENCE).until(() -> log.lines("XdpAttachment").size() > 1);
      assertThat(log.lines("XdpAttachment"))
          .satisfiesExactly(
              warning -> assertThat(warning).contains("WARN", "taken out of index 2 of " + pin),
              info -> assertThat(info).contains("INFO", "again"));
    }
  }

  @Test
  void element_takenByOthersMeanwhile_isLeftToThem() throws Exception {
    try (LoadBalancer lb = testbed.open(this::called)) {
      lb.put(vip);
      int other = root.occupy(INDEX);

      await().atMost(PATIENCE).until(() -> !lb.attachment().orElseThrow().isAttached());
      Thread.sleep(1500); // it tries again
      assertThat(root.programAt(INDEX)).hasValue(other);
      root.empty(INDEX);
      await().atMost(PATIENCE).until(() -> lb.attachment().orElseThrow().isAttached());
      assertForwarded();
      root.occupy(INDEX);
    }
    assertThat(root.programAt(INDEX)).isPresent();
  }

  @Test
  void array_replacedByAnotherOne_isFoundAgain() throws Exception {
    try (LoadBalancer lb = testbed.open(this::called)) {
      lb.put(vip);
      assertForwarded();
      root.close();
      await().atMost(PATIENCE).until(() -> !lb.attachment().orElseThrow().isAttached());
      root = HostProgram.start(testbed.balancer(), pin, "dispatch");

      await().atMost(PATIENCE).until(() -> root.programAt(INDEX).isPresent());
      assertForwarded();
    }
    assertThat(root.programAt(INDEX)).isEmpty();
  }

  @Test
  void open_elementOfOthers_isRefusedAndUnharmed() {
    int other = root.occupy(INDEX);

    assertThatThrownBy(() -> testbed.open(this::called))
        .isInstanceOf(XdpHookBusyException.class)
        .hasMessageContaining("index 2 of " + pin)
        .hasMessageContaining("program " + other + " (pass)");
    assertThat(root.programAt(INDEX)).hasValue(other);
  }

  @Test
  void open_elementOfAKilledBalancer_replacesIt() throws Exception {
    int abandoned = root.putSlotOfAKilledBalancer(INDEX);
    assertThat(testbed.client().tryUdp(Testbed.target(vip))).isEmpty();

    try (LoadBalancer lb = testbed.open(this::called)) {
      lb.put(vip);
      assertForwarded();
      int used = root.programAt(INDEX).orElseThrow();
      assertThat(used).isNotEqualTo(abandoned);
      assertThatThrownBy(() -> testbed.open(this::called)).isInstanceOf(XdpHookBusyException.class);
      assertThat(root.programAt(INDEX)).hasValue(used);
    }
    assertThat(root.programAt(INDEX)).isEmpty();
  }

  @Test
  void open_arrayThatDoesNotFit_isRefusedWithTheReason() throws Exception {
    assertThatThrownBy(() -> testbed.open(builder -> builder.tailCallFrom(pin, 4)))
        .isInstanceOf(LoadBalancerException.class)
        .hasMessageContaining("has 4 elements");
    Path missing = files.path().resolve("missing");
    assertThatThrownBy(() -> testbed.open(builder -> builder.tailCallFrom(missing, 0)))
        .isInstanceOf(LoadBalancerException.class)
        .hasMessageContaining("nothing is pinned there");
    root.close();
    root = HostProgram.start(testbed.balancer(), pin, "dispatch_frags");
    assertThatThrownBy(() -> testbed.open(this::called))
        .isInstanceOf(LoadBalancerException.class)
        .hasMessageContaining("xdp.frags");
    assertThat(root.programAt(INDEX)).isEmpty();
  }

  @Test
  void pinned_closedAndOpenedAgain_staysInItsElement() throws Exception {
    try (LoadBalancer lb = openPinned()) {
      lb.put(vip);
      assertForwarded();
    }
    int element = root.programAt(INDEX).orElseThrow();
    assertForwarded();
    try (LoadBalancer lb = openPinned()) {
      assertThat(lb.adopted()).isTrue();
      assertThat(root.programAt(INDEX)).hasValue(element);
      assertThat(lb.vips()).containsExactly(vip);
      assertThat(lb.counters().vip(vip).orElseThrow().packets()).isEqualTo(2);
      assertForwarded();
      assertThat(log.lines("XdpAttachment")).isEmpty();
    }
    assertForwarded();

    assertThat(LoadBalancer.uninstall(folder)).isTrue();
    assertThat(root.programAt(INDEX)).isEmpty();
    assertThat(folder).doesNotExist();
  }

  @Test
  void pinned_elementChangedMeanwhile_isRefusedOrPutInAgain() throws Exception {
    openPinned().close();
    int other = root.occupy(INDEX);
    assertThatThrownBy(this::openPinned).isInstanceOf(XdpHookBusyException.class);
    assertThat(root.programAt(INDEX)).hasValue(other);

    root.empty(INDEX);
    try (LoadBalancer lb = openPinned()) {
      lb.put(vip);
      assertForwarded();
      lb.uninstall();
    }
    assertThat(root.programAt(INDEX)).isEmpty();
    assertThat(folder).doesNotExist();
  }

  @Test
  void pinned_openedForAnotherHook_leavesTheFirst() throws Exception {
    try (LoadBalancer lb = openPinned()) {
      lb.put(vip);
    }
    try (LoadBalancer lb = testbed.open(builder -> builder.tailCallFrom(pin, 1).pinnedAt(folder))) {
      assertThat(lb.adopted()).isTrue();
      assertThat(root.programAt(INDEX)).isEmpty();
      assertForwarded();
    }
    int foreign = root.occupy(INDEX);
    root.close();
    try (LoadBalancer lb = testbed.open(builder -> builder.pinnedAt(folder))) {
      assertForwarded();
      assertThat(lb.attachment().orElseThrow().calledFrom()).isEmpty();
      assertThat(foreign).isPositive();
      lb.uninstall();
    }
  }

  private void assertForwarded() throws Exception {
    InetSocketAddress source = testbed.client().source(Testbed.target(vip), 0);
    assertThat(testbed.client().udp(source, Testbed.target(vip), new byte[] {'?'}))
        .asString()
        .isEqualTo("server-1");
  }

  private int programOfInterface() throws Exception {
    try (Rtnetlink netlink = testbed.balancer().call(() -> Rtnetlink.open())) {
      return netlink.link(Host.INTERFACE).xdpProgramId();
    }
  }
}
