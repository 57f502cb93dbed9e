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
import dev.katran.UnknownInterfaceException;
import dev.katran.Vip;
import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * A balancer on two interfaces: packets arrive by one of them, and the backends are behind the
 * first one.
 */
@NeedsKernel
@NeedsNamespaces
class InterfacesIT {

  private static final Duration PATIENCE = Duration.ofSeconds(10);

  /** With characters that names of pins do not have. */
  private static final String SECOND = "Uplink.2";

  private static final String FAR = "uplink";
  private static final String NEAR_ADDRESS = "10.77.0.2";

  private BpfMount files;
  private Path folder;
  private Testbed testbed;
  private NetworkNamespace namespace;
  private Rtnetlink near;
  private Rtnetlink far;
  private final BpfObject pass = BpfObject.open("pass", BpfPrograms.pass());
  private Vip vip;
  private StandardError log;

  @BeforeEach
  void create() throws Exception {
    files = BpfMount.open();
    folder = files.path().resolve("katran");
    testbed = Testbed.of(1, host -> Service.replying(host.name()), AttachMode.AUTOMATIC);
    namespace = testbed.balancer().call(NetworkNamespace::current);
    near = testbed.balancer().call(() -> Rtnetlink.open());
    far = testbed.lab().router().call(() -> Rtnetlink.open());
    pass.load();
    connect();
    vip = TunnelCase.IPV4_IN_IPV4.vip(testbed, Protocol.UDP);
    log = new StandardError();
  }

  /** Connects the second interface to the router. */
  private void connect() throws Exception {
    Link router = far.createVeth(FAR, SECOND, namespace, 1600);
    Link own = near.link(SECOND);
    near.setUp(own.index());
    far.setUp(router.index());
    near.addAddress(own.index(), Cidr.parse(NEAR_ADDRESS + "/24"));
    far.addAddress(router.index(), Cidr.parse("10.77.0.1/24"));
    testbed.balancer().run(() -> Ethtool.setFeature(SECOND, Ethtool.Feature.TX_CHECKSUM, false));
    testbed
        .lab()
        .router()
        .run(() -> {
          Ethtool.setFeature(FAR, Ethtool.Feature.TX_CHECKSUM, false);
          XdpLink.attach(pass.program("pass"), router.index(), XdpLink.Mode.NATIVE);
        });
  }

  /** Has the router send packets for the VIP to the second interface. */
  private void routeToSecond() {
    Cidr destination = Cidr.parse(Testbed.VIP_IPV4);
    far.deleteRoute(destination, far.link("balancer").index());
    far.addRoute(destination, address(NEAR_ADDRESS), far.link(FAR).index());
  }

  private static InetAddress address(String literal) {
    return Cidr.parse(literal).address();
  }

  @AfterEach
  void close() {
    log.close();
    pass.close();
    near.close();
    far.close();
    namespace.close();
    testbed.close();
    files.close();
  }

  private LoadBalancer open(UnaryOperator<LoadBalancerBuilder> settings) throws Exception {
    return testbed
        .balancer()
        .call(() -> settings.apply(LoadBalancer.on(Host.INTERFACE, SECOND)).open());
  }

  private LoadBalancer open() throws Exception {
    return open(UnaryOperator.identity());
  }

  @Test
  void on_twoInterfaces_forwardsFromBoth() throws Exception {
    try (LoadBalancer lb = open()) {
      lb.put(vip);
      assertForwarded();
      routeToSecond();
      assertForwarded();

      assertThat(lb.counters().vip(vip).orElseThrow().packets()).isEqualTo(2);
      assertThat(lb.attachments())
          .extracting(Attachment::interfaceName)
          .containsExactly(Host.INTERFACE, SECOND);
      assertThat(lb.attachments()).allMatch(Attachment::isAttached);
      assertThat(lb.attachment().orElseThrow().interfaceName()).isEqualTo(Host.INTERFACE);
      assertThat(program(Host.INTERFACE)).isEqualTo(program(SECOND)).isPositive();
    }
    assertThat(program(Host.INTERFACE)).isZero();
    assertThat(program(SECOND)).isZero();
  }

  @Test
  void program_replaced_isReplacedOnBoth() throws Exception {
    try (LoadBalancer lb = open()) {
      lb.put(vip);
      int before = program(SECOND);
      lb.put(Vip.udp("203.0.113.77", 1).backends(vip.backends()).tracking(Tracking.ALWAYS).build());

      assertThat(program(SECOND)).isNotEqualTo(before).isEqualTo(program(Host.INTERFACE));
      near.setMac(near.link(SECOND).index(), MacAddress.parse("02:00:00:00:00:77"));
      routeToSecond();
      await()
          .atMost(PATIENCE)
          .until(() -> testbed.client().tryUdp(Testbed.target(vip)).isPresent());
      assertThat(program(SECOND)).isEqualTo(program(Host.INTERFACE));
    }
  }

  @Test
  void frame_toTheMacOfTheOtherInterface_isTheHosts() throws Exception {
    try (LoadBalancer lb = open()) {
      lb.put(vip);
      routeToSecond();
      assertForwarded();
      String second = near.link(SECOND).mac().toString();
      far.addNeighbour(
          far.link(FAR).index(), address(NEAR_ADDRESS), near.link(Host.INTERFACE).mac());
      assertThat(testbed.client().tryUdp(Testbed.target(vip))).isEmpty();
      far.addNeighbour(far.link(FAR).index(), address(NEAR_ADDRESS), MacAddress.parse(second));
      assertForwarded();
    }
  }

  @Test
  void interface_deletedAndCreatedAgain_isAttachedAgainWhileTheOtherForwards() throws Exception {
    try (LoadBalancer lb = open()) {
      lb.put(vip);
      far.delete(far.link(FAR).index());
      await().atMost(PATIENCE).until(() -> !lb.attachments().get(1).isAttached());
      assertForwarded();
      assertThat(lb.attachments().getFirst().isAttached()).isTrue();
      connect();

      await().atMost(PATIENCE).until(() -> lb.attachments().get(1).isAttached());
      routeToSecond();
      assertForwarded();
      assertThat(lb.attachments().get(1).interfaceIndex()).isEqualTo(near.link(SECOND).index());
      assertThat(log.lines("XdpAttachment"))
          .satisfiesExactly(
              lost -> assertThat(lost).contains("lost " + SECOND),
              again -> assertThat(again).contains("attached to " + SECOND, "again"));
    }
  }

  @Test
  void attach_oneInterfaceInAnotherMode_hasItsOwn() throws Exception {
    try (LoadBalancer lb = open(builder -> builder.attach(SECOND, AttachMode.GENERIC))) {
      lb.put(vip);
      routeToSecond();
      assertForwarded();
      assertThat(lb.attachments())
          .extracting(Attachment::mode)
          .containsExactly(AttachMode.NATIVE, AttachMode.GENERIC);
    }
  }

  @Test
  void pinned_openedWithOtherInterfaces_keepsTheirLinks() throws Exception {
    try (LoadBalancer lb = testbed.open(builder -> builder.pinnedAt(folder))) {
      lb.put(vip); // on the first one alone
    }
    int first = program(Host.INTERFACE);
    open(builder -> builder.pinnedAt(folder)).close();
    assertThat(program(Host.INTERFACE)).isPositive().isNotEqualTo(first);
    assertThat(program(SECOND)).isEqualTo(program(Host.INTERFACE));
    assertForwarded();
    routeToSecond();
    assertForwarded();
    near.setDown(near.link(SECOND).index());
    int renamed =
        testbed
            .balancer()
            .call(() -> new ProcessBuilder("ip", "link", "set", SECOND, "name", "lan2").start())
            .waitFor();
    assertThat(renamed).isZero();
    near.setUp(near.link("lan2").index());

    // reversed, and one with another name
    testbed
        .balancer()
        .call(() -> LoadBalancer.on("lan2", Host.INTERFACE).pinnedAt(folder).open())
        .close();
    assertThat(log.lines("XdpAttachment")).isEmpty();
    assertThat(log.lines("LinkHook")).isEmpty();
    assertThat(program("lan2")).isEqualTo(program(Host.INTERFACE));

    // only the second
    testbed.balancer().call(() -> LoadBalancer.on("lan2").pinnedAt(folder).open()).close();
    assertThat(program(Host.INTERFACE)).isZero();
    assertForwarded();
    assertThat(LoadBalancer.uninstall(folder)).isTrue();
    assertThat(program("lan2")).isZero();
    assertThat(folder).doesNotExist();
  }

  @Test
  void open_portOfABridge_forwardsInNativeMode() throws Exception {
    Link bridge = near.create("br0", "bridge");
    near.setUp(bridge.index());
    near.setMaster(near.link(SECOND).index(), bridge.index());
    far.addNeighbour(
        far.link(FAR).index(), address(NEAR_ADDRESS), near.link(SECOND).mac()); // not the bridge's
    routeToSecond();
    try (LoadBalancer lb = open(builder -> builder.attach(AttachMode.NATIVE))) {
      lb.put(vip);
      assertForwarded();
    }
  }

  @Test
  @Tag("unemulated") // the ip of the emulated machine makes no macvlan
  void open_macvlan_isGenericOrSaysWhyNot() throws Exception {
    int created =
        testbed
            .balancer()
            .call(() ->
                new ProcessBuilder("ip link add link Uplink.2 name mac0 type macvlan".split(" "))
                    .start())
            .waitFor();
    assertThat(created).isZero();
    near.setUp(near.link("mac0").index());

    assertThatThrownBy(() ->
            testbed.balancer().call(() -> LoadBalancer.on("mac0").attach(AttachMode.NATIVE).open()))
        .isInstanceOf(LoadBalancerException.class)
        .hasMessageContaining("driver macvlan")
        .hasMessageContaining("this driver has no native XDP: use AttachMode.GENERIC");
    try (LoadBalancer lb = testbed.balancer().call(() -> LoadBalancer.on("mac0").open())) {
      assertThat(lb.attachment().orElseThrow().mode()).isEqualTo(AttachMode.GENERIC);
    }
  }

  @Test
  void open_oneInterfaceIsRefused_attachesToNone() throws Exception {
    assertThatThrownBy(
            () -> testbed.balancer().call(() -> LoadBalancer.on(Host.INTERFACE, "eth9").open()))
        .isInstanceOf(UnknownInterfaceException.class)
        .hasMessageContaining("eth9");
    try (LoadBalancer _ = testbed.balancer().call(() -> LoadBalancer.on(SECOND).open())) {
      assertThatThrownBy(this::open).hasMessageContaining(SECOND + " already has another");
    }
    assertThat(program(Host.INTERFACE)).isZero();
  }

  @Test
  void on_sameInterfaceTwiceOrTooMany_isRefused() {
    assertThatThrownBy(() -> LoadBalancer.on("eth0", "eth0"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("eth0 is named twice");
    assertThatThrownBy(() -> LoadBalancer.on("a", "b", "c", "d", "e", "f", "g", "h", "i"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("9 interfaces");
    assertThatThrownBy(() -> LoadBalancer.on("a", "b").attach("c", AttachMode.NATIVE))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> LoadBalancer.on("a", "b").joinDispatcher(1).open())
        .isInstanceOf(IllegalStateException.class);
  }

  private int program(String name) {
    return near.link(name).xdpProgramId();
  }

  private void assertForwarded() throws Exception {
    InetSocketAddress source = testbed.client().source(Testbed.target(vip), 0);
    assertThat(testbed.client().udp(source, Testbed.target(vip), new byte[] {'?'}))
        .asString()
        .isEqualTo("server-1");
  }
}
