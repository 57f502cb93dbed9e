package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.katran.AttachMode;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerException;
import dev.katran.MissingCapabilityException;
import dev.katran.Protocol;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.XdpHookBusyException;
import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.Errno;
import dev.katran.lab.Host;
import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import dev.katran.needs.Skips;
import java.lang.foreign.ValueLayout;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * The balancer shares an interface with programs that the real xdp-loader loads.
 *
 * <p>Some kernels permit no program that replaces a function of another one, for xdp-loader
 * neither. There, the balancer is refused with the reason, and nothing else is tested.
 */
@NeedsKernel
@NeedsNamespaces
class DispatcherIT {

  private static final Duration PATIENCE = Duration.ofSeconds(20);
  private static final String OURS = "katran_slot";

  private BpfMount files;
  private Path folder;
  private Testbed testbed;
  private XdpLoader loader;
  private Vip vip;
  private StandardError log;

  @BeforeEach
  void create() throws Exception {
    if (!XdpLoader.isInstalled()) {
      String reason = "xdp-loader is missing: install xdp-tools";
      Skips.announce(reason);
      assumeTrue(false, reason);
    }
    files = BpfMount.open();
    folder = files.path().resolve("katran");
    testbed = Testbed.of(1, host -> Service.replying(host.name()), AttachMode.AUTOMATIC);
    loader = new XdpLoader(testbed.balancer());
    vip = TunnelCase.IPV4_IN_IPV4.vip(testbed, Protocol.UDP);
    log = new StandardError();
  }

  @AfterEach
  void close() throws Exception {
    if (files == null) {
      return;
    }
    log.close();
    loader.end();
    testbed.close();
    files.close();
  }

  /** Returns whether this kernel refuses programs that replace functions, of anyone. */
  private static boolean isForbidden() {
    try (BpfObject dispatcher =
            BpfObject.load(
                "dispatcher",
                BpfPrograms.dispatcher(),
                fresh -> fresh.constants(".rodata").set(ValueLayout.JAVA_BYTE, 2, (byte) 1));
        BpfObject _ =
            BpfObject.load(
                "pass",
                BpfPrograms.pass(),
                fresh ->
                    fresh
                        .program("pass")
                        .replacementOf(dispatcher.program("xdp_dispatcher").fd(), "prog0"))) {
      return false;
    } catch (BpfException e) {
      assertThat(e.errno()).isEqualTo(Errno.EPERM);
      return true;
    }
  }

  private LoadBalancer open(int priority) throws Exception {
    return testbed.open(builder -> builder.joinDispatcher(priority));
  }

  private LoadBalancer openPinned() throws Exception {
    return testbed.open(builder -> builder.joinDispatcher(40).pinnedAt(folder));
  }

  @Test
  void joinDispatcher_kernelForbidsIt_namesTheReason() {
    if (isForbidden()) {
      assertThatThrownBy(() -> open(40))
          .isInstanceOf(MissingCapabilityException.class)
          .hasMessageContaining("BPF_PROG_TYPE_EXT");
    }
  }

  @Test
  void joinDispatcher_besideXdpLoadersProgram_forwardsAndLeavesItAlone() throws Exception {
    if (isForbidden()) {
      return;
    }
    assertThat(loader.loadPass(50)).isTrue();
    int theirs = loader.programs("pass").getFirst();
    boolean unloaded;
    try (LoadBalancer lb = open(60)) {
      lb.put(vip);
      assertForwarded();
      assertThat(loader.order()).containsExactly("pass", OURS);
      int dispatcher = loader.dispatcher().orElseThrow();
      lb.put(Vip.udp("203.0.113.77", 1).backends(vip.backends()).tracking(Tracking.ALWAYS).build());
      assertForwarded();

      assertThat(loader.dispatcher()).hasValue(dispatcher);
      assertThat(loader.programs("pass")).containsExactly(theirs);
      assertThat(lb.attachment().orElseThrow().calledFrom())
          .hasValueSatisfying(text -> assertThat(text).contains("priority 60"));
      // since Linux 6.13, libxdp before 1.5.5 cannot have ours in its dispatcher
      unloaded = loader.unload(theirs);
      assertForwarded();
      await().atMost(PATIENCE).until(() -> lb.attachment().orElseThrow().isAttached());
      assertThat(log.lines("XdpAttachment")).isEmpty();
    }
    assertThat(loader.order()).isEqualTo(unloaded ? List.of() : List.of("pass"));
  }

  @Test
  void joinDispatcher_firstOnItsInterface_letsOthersJoin() throws Exception {
    if (isForbidden()) {
      return;
    }
    // since Linux 6.13, libxdp before 1.5.5 cannot have ours in its dispatcher
    boolean joined;
    try (LoadBalancer lb = open(60)) {
      lb.put(vip);
      assertForwarded();
      assertThat(loader.order()).containsExactly(OURS);
      joined = loader.loadPass(50);
      assertForwarded();
      if (joined) {
        assertThat(loader.order()).containsExactly("pass", OURS);
      }
    }
    assertThat(loader.order()).isEqualTo(joined ? List.of("pass") : List.of());
  }

  @Test
  void slot_unloadedFromOutside_isAddedAgain() throws Exception {
    if (isForbidden()) {
      return;
    }
    try (LoadBalancer lb = open(60)) {
      lb.put(vip);
      assertThat(loader.unload(loader.programs(OURS).getFirst())).isTrue();

      await()
          .atMost(PATIENCE)
          .until(() -> testbed.client().tryUdp(Testbed.target(vip)).isPresent());
      await().atMost(PATIENCE).until(() -> log.lines("XdpAttachment").size() > 1);
      assertThat(log.lines("XdpAttachment"))
          .satisfiesExactly(
              warning -> assertThat(warning).contains("WARN", "unloaded from the dispatcher"),
              info -> assertThat(info).contains("INFO", "again"));
    }
  }

  @Test
  void pinned_closedAndOpenedAgain_staysInTheDispatcher() throws Exception {
    if (isForbidden()) {
      return;
    }
    assertThat(loader.loadPass(50)).isTrue();
    try (LoadBalancer lb = openPinned()) {
      lb.put(vip);
    }
    assertForwarded();
    int dispatcher = loader.dispatcher().orElseThrow();
    try (LoadBalancer lb = openPinned()) {
      assertThat(lb.adopted()).isTrue();
      assertForwarded();
      assertThat(loader.dispatcher()).hasValue(dispatcher);
    }
    assertThat(loader.order()).containsExactly(OURS, "pass");

    assertThat(testbed.balancer().call(() -> LoadBalancer.uninstall(folder))).isTrue();
    assertThat(loader.order()).containsExactly("pass");
    assertThat(folder).doesNotExist();
  }

  @Test
  void joinDispatcher_anotherProgramIsAttached_isRefused() throws Exception {
    if (isForbidden()) {
      return;
    }
    try (LoadBalancer _ = testbed.open()) {
      assertThatThrownBy(() -> open(60))
          .isInstanceOf(LoadBalancerException.class)
          .isInstanceOf(XdpHookBusyException.class)
          .hasMessageContaining(Host.INTERFACE);
    }
  }

  private void assertForwarded() throws Exception {
    InetSocketAddress source = testbed.client().source(Testbed.target(vip), 0);
    assertThat(testbed.client().udp(source, Testbed.target(vip), new byte[] {'?'}))
        .asString()
        .isEqualTo("server-1");
  }
}
