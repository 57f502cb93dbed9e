package dev.katran.traffic;

import static dev.katran.traffic.PinnedBalancer.target;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.katran.Decapsulator;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerException;
import dev.katran.XdpHookBusyException;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A pinned balancer forwards without its process, and another process continues. */
@NeedsKernel
@NeedsNamespaces
@Tag("unemulated")
class PinnedIT {

  private static final int KILLS = 12;

  private final List<PinnedBalancer> started = new ArrayList<>();
  private BpfMount files;
  private Path folder;
  private Testbed testbed;
  private List<String> backends;

  @BeforeEach
  void create() throws Exception {
    files = BpfMount.open();
    folder = files.path().resolve("katran");
    testbed = Testbed.of(3, Service.ECHO);
    backends =
        testbed.servers().stream().map(server -> server.host().ipv4().getHostAddress()).toList();
  }

  @AfterEach
  void close() {
    started.forEach(PinnedBalancer::kill);
    testbed.close();
    files.close();
  }

  private ContinuousTraffic traffic() {
    return new ContinuousTraffic(
        testbed.client(), List.of(target(Testbed.VIP_IPV4), target(Testbed.VIP_IPV6)), 3);
  }

  private PinnedBalancer start() throws Exception {
    PinnedBalancer balancer = PinnedBalancer.start(testbed, folder);
    started.add(balancer);
    return balancer;
  }

  private int program() throws Exception {
    try (Rtnetlink netlink = testbed.balancer().call(Rtnetlink::open)) {
      return netlink.link(testbed.balancer().ifindex()).xdpProgramId();
    }
  }

  private static void awaitMore(ContinuousTraffic traffic, int messages) {
    long before = traffic.messages();
    await().until(() -> traffic.messages() > before + messages);
  }

  @Test
  void kill_processOfABalancer_noConnectionNotices() throws Exception {
    PinnedBalancer first = start();
    assertThat(first.isAdopted()).isFalse();
    first.run("use", backends);
    try (ContinuousTraffic traffic = traffic()) {
      awaitMore(traffic, 200);
      first.kill();
      awaitMore(traffic, 400);

      PinnedBalancer second = start();
      assertThat(second.isAdopted()).isTrue();
      assertThat(second.vips()).isEqualTo(3);
      awaitMore(traffic, 200);
      second.run("use", backends.subList(0, 2).reversed());
      awaitMore(traffic, 200);
      assertThat(traffic.failures())
          .as("the third backend was removed, so its connections ended")
          .allMatch(failure -> failure.contains("download"));
    }
  }

  @Test
  void kill_inTheMiddleOfChanges_noConnectionNotices() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    start().run("use", backends);
    started.getLast().kill();
    try (ContinuousTraffic traffic = traffic()) {
      for (int i = 0; i < KILLS; i++) {
        PinnedBalancer next = start();
        assertThat(next.isAdopted()).isTrue();
        assertThat(next.vips()).isEqualTo(3);
        next.send("flap", backends);
        Thread.sleep(random.nextInt(300));
        next.kill();
        assertThat(traffic.failures()).as("seed " + seed + ", kill " + i).isEmpty();
      }
      awaitMore(traffic, 200);
      assertThat(traffic.failures()).as("seed " + seed).isEmpty();
    }
  }

  @Test
  void kill_underManyDatagrams_noneIsLost() throws Exception {
    PinnedBalancer first = start();
    first.run("use", backends);
    try (Datagrams datagrams = new Datagrams(testbed.client(), target(Testbed.VIP_IPV4))) {
      await().until(() -> datagrams.sent() > 10_000);
      first.send("flap", backends);
      await().until(() -> datagrams.sent() > 20_000);
      first.kill();
      await().until(() -> datagrams.sent() > 40_000);
      start().run("use", backends.reversed());
      await().until(() -> datagrams.sent() > 60_000);
      long sent = datagrams.stop();
      await().untilAsserted(() -> assertThat(decapsulated()).isEqualTo(sent));
    }
  }

  private long decapsulated() {
    return testbed.servers().stream()
        .mapToLong(server -> server.decapsulator().decapsulated().packets())
        .sum();
  }

  @Test
  void open_whileAnotherProcessOwnsIt_takesOverWhenThatLetsGo() throws Exception {
    PinnedBalancer first = start();
    first.run("use", backends);
    assertThatThrownBy(() -> testbed.open(builder -> builder.pinnedAt(folder)))
        .isInstanceOf(LoadBalancerException.class)
        .hasMessageContaining("process " + first.pid());
    try (ContinuousTraffic traffic = traffic()) {
      awaitMore(traffic, 200);
      PinnedBalancer second = start();
      assertThat(second.isAdopted()).isTrue();
      assertThat(first.readLine()).isEqualTo("let go");
      awaitMore(traffic, 200);
      assertThat(traffic.failures()).isEmpty();
    }
  }

  @Test
  void open_hookIsBusy_leavesNothingBehind() throws Exception {
    try (Decapsulator other =
        testbed.balancer().call(() -> Decapsulator.on(Host.INTERFACE).open())) {
      assertThatThrownBy(() -> testbed.open(builder -> builder.pinnedAt(folder)))
          .isInstanceOf(XdpHookBusyException.class);
      assertThat(Files.exists(folder)).isFalse();
      assertThat(other.decapsulated().packets()).isZero();
    }
  }

  @Test
  void open_programDetachedFromOutside_attachesAgain() throws Exception {
    PinnedBalancer first = start();
    first.run("use", backends);
    first.kill();
    try (XdpLink link = XdpLink.openPinned(folder.resolve("link_native"))) {
      link.detach();
    }
    assertThat(program()).isZero();
    PinnedBalancer second = start();
    assertThat(second.isAdopted()).isTrue();
    assertThat(program()).isNotZero();
    InetSocketAddress target = target(Testbed.VIP_IPV4);
    byte[] content = Service.content(1000);
    assertThat(testbed.client().tcp(testbed.client().source(target, 30_001), target, content))
        .isEqualTo(content);
  }

  @Test
  void close_pinnedBalancer_forwardsUntilItIsUninstalled() throws Exception {
    PinnedBalancer first = start();
    first.run("use", backends);
    first.run("close", List.of());
    assertThat(program()).isNotZero();
    byte[] content = Service.content(1000);
    InetSocketAddress target = target(Testbed.VIP_IPV4);
    InetSocketAddress source = testbed.client().source(target, 30_000);
    assertThat(testbed.client().tcp(source, target, content)).isEqualTo(content);

    assertThat(LoadBalancer.uninstall(folder)).isTrue();
    assertThat(program()).isZero();
    assertThat(Files.exists(folder)).isFalse();
    assertThat(LoadBalancer.uninstall(folder)).isFalse();

    PinnedBalancer second = start();
    assertThat(second.isAdopted()).isFalse();
    second.run("use", backends);
    second.run("uninstall", List.of());
    assertThat(program()).isZero();
    assertThat(Files.exists(folder)).isFalse();
  }
}
