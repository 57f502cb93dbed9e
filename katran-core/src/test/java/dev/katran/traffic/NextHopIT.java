package dev.katran.traffic;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import dev.katran.AttachMode;
import dev.katran.Backend;
import dev.katran.Count;
import dev.katran.Flow;
import dev.katran.LoadBalancer;
import dev.katran.NextHop;
import dev.katran.Protocol;
import dev.katran.Route;
import dev.katran.UnresolvedBackend;
import dev.katran.UnresolvedBackend.Reason;
import dev.katran.Vip;
import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.ffm.net.XdpFeatures;
import dev.katran.lab.Host;
import dev.katran.lab.Router;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Hex;
import dev.katran.packets.Packet;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks how the balancer resolves the next hops of backends and follows their changes. */
@NeedsKernel
class NextHopIT {

  private static final MacAddress ANOTHER_MAC = MacAddress.parse("02:00:00:00:ff:01");

  /** The name of both ends of a second link between the balancer and the router. */
  private static final String SECOND = "second";

  private static final Cidr SECOND_IPV4 = Cidr.parse("10.99.0.1/24");
  private static final Cidr SECOND_IPV6 = Cidr.parse("fc00:0:0:99::1/64");

  /**
   * The balancer probes once per second, and the kernel may have to probe a neighbour repeatedly.
   */
  private static final Duration FEW_SECONDS = Duration.ofSeconds(10);

  private Testbed testbed;
  private Server server;
  private Rtnetlink balancerNetlink;
  private Rtnetlink routerNetlink;

  @BeforeEach
  void open() throws Exception {
    testbed = Testbed.of(1, Service.ECHO);
    server = testbed.servers().getFirst();
    balancerNetlink = testbed.balancer().call(Rtnetlink::open);
    routerNetlink = testbed.lab().router().call(Rtnetlink::open);
  }

  @AfterEach
  void close() {
    balancerNetlink.close();
    routerNetlink.close();
    testbed.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"IPV4_IN_IPV4", "IPV6_IN_IPV6"})
  void put_noRouteToBackend_warnsAndForwardsOnceRouteExists(TunnelCase tunnel) throws Exception {
    removeDefaultRoutes();
    Vip vip = tunnel.vip(testbed, Protocol.UDP);
    Backend backend = tunnel.backend(server);
    try (LoadBalancer lb = testbed.open()) {
      String log = logOf(() -> lb.put(vip));
      assertThat(log).contains("no next hop towards backend " + backend.key());
      assertThat(lb.unresolved())
          .containsExactly(
              new UnresolvedBackend(
                  backend.key(), Reason.NO_ROUTE, "no route to this destination"));
      awaitEmptyRing(lb, vip);
      assertThat(testbed.client().tryUdp(Testbed.target(vip))).isEmpty();
      assertThat(lb.counters().dropped().packets()).isEqualTo(1);
      assertThat(lb.counters().backend(backend)).contains(Count.ZERO);
      assertThat(server.decapsulator().decapsulated()).isEqualTo(Count.ZERO);

      addDefaultRoute(backend.address());
      awaitReply(vip);
      assertThat(lb.counters().backend(backend).orElseThrow().packets()).isPositive();
      assertThat(lb.unresolved()).isEmpty();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"IPV4_IN_IPV4", "IPV6_IN_IPV6"})
  void forward_routeWithdrawn_isUnresolvedUntilItReturns(TunnelCase tunnel) throws Exception {
    Vip vip = tunnel.vip(testbed, Protocol.UDP);
    Backend backend = tunnel.backend(server);
    int ifindex = testbed.balancer().ifindex();
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip);
      awaitReply(vip);
      long start = System.nanoTime();
      balancerNetlink.deleteRoute(defaultOf(backend.address()), ifindex);

      awaitReason(lb, backend, Reason.NO_ROUTE);
      assertThat(Duration.ofNanos(System.nanoTime() - start))
          .isBetween(Duration.ofMillis(2900), Duration.ofSeconds(6));
      awaitEmptyRing(lb, vip);
      long forwarded = lb.counters().backend(backend).orElseThrow().packets();
      assertThat(testbed.client().tryUdp(Testbed.target(vip))).isEmpty();
      assertThat(lb.counters().backend(backend).orElseThrow().packets()).isEqualTo(forwarded);
      addDefaultRoute(backend.address());
      awaitReply(vip);
      assertThat(lb.unresolved()).isEmpty();
    }
  }

  @Test
  void forward_gatewayVanishes_isUnresolvedUntilItAnswers() throws Exception {
    TunnelCase tunnel = TunnelCase.IPV4_IN_IPV4;
    Vip vip = tunnel.vip(testbed, Protocol.UDP);
    Backend backend = tunnel.backend(server);
    confirmNeighboursOften();
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip);
      awaitReply(vip);
      testbed.lab().router().sysctl("net.ipv4.conf.balancer.arp_ignore", "8");

      awaitReason(lb, backend, Reason.NEIGHBOUR_FAILED);
      assertThat(lb.unresolved().getFirst().detail())
          .isEqualTo(testbed.balancer().routerIpv4().getHostAddress() + " on eth0 does not answer");
      awaitEmptyRing(lb, vip);
      testbed.lab().router().sysctl("net.ipv4.conf.balancer.arp_ignore", "0");
      awaitReply(vip);
      assertThat(lb.unresolved()).isEmpty();
    }
  }

  /** A veth sends redirected frames only if its other end has GRO or an XDP program. */
  @Test
  void forward_egressThatSendsNoRedirectedFrames_isUnresolvedUntilItDoes() throws Exception {
    TunnelCase tunnel = TunnelCase.IPV4_IN_IPV4;
    addSecondLink();
    testbed.lab().router().run(() -> Ethtool.setFeature(SECOND, Ethtool.Feature.GRO, false));
    assumeThat(testbed.balancer().call(this::redirectsToSecond))
        .as("Linux 6.3 or later")
        .isNotEqualTo(XdpFeatures.Redirect.UNKNOWN);
    Vip vip = tunnel.vip(testbed, Protocol.UDP);
    Backend backend = tunnel.backend(server);
    routeVia(backend, SECOND);
    try (LoadBalancer lb = testbed.open(builder -> builder.attach(AttachMode.NATIVE))) {
      lb.put(vip);
      assertThat(lb.unresolved())
          .containsExactly(
              new UnresolvedBackend(
                  backend.key(),
                  Reason.EGRESS_UNSUPPORTED,
                  "the route leaves by second, but it sends no frames of an XDP program in native"
                      + " mode"));

      testbed.lab().router().run(() -> Ethtool.setFeature(SECOND, Ethtool.Feature.GRO, true));
      awaitReply(vip);
      assertThat(lb.unresolved()).isEmpty();
    }
  }

  private XdpFeatures.Redirect redirectsToSecond() {
    try (XdpFeatures features = XdpFeatures.open()) {
      return features.redirect(balancerNetlink.link(SECOND).index());
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"NATIVE", "GENERIC"})
  void forward_backendBehindBridge_isUnresolvedOrForwarded(AttachMode mode) throws Exception {
    TunnelCase tunnel = TunnelCase.IPV4_IN_IPV4;
    addSecondLink();
    Link bridge = balancerNetlink.create("br0", "bridge");
    balancerNetlink.setMac(bridge.index(), ANOTHER_MAC);
    balancerNetlink.setMaster(balancerNetlink.link(SECOND).index(), bridge.index());
    balancerNetlink.setUp(bridge.index());
    balancerNetlink.addAddress(bridge.index(), next(SECOND_IPV4));
    Vip vip = tunnel.vip(testbed, Protocol.UDP);
    Backend backend = tunnel.backend(server);
    balancerNetlink.addRoute(Cidr.host(backend.address()), SECOND_IPV4.address(), bridge.index());
    try (LoadBalancer lb = testbed.open(builder -> builder.attach(mode))) {
      lb.put(vip);
      if (mode == AttachMode.GENERIC) {
        awaitReply(vip);
        assertThat(lb.unresolved()).isEmpty();
      } else {
        assertThat(lb.unresolved().getFirst().reason()).isEqualTo(Reason.EGRESS_UNSUPPORTED);
        assertThat(lb.unresolved().getFirst().detail())
            .startsWith("the route leaves by br0, but it is a bridge");
        assertThat(testbed.client().tryUdp(Testbed.target(vip))).isEmpty();
        assertThat(lb.counters().backend(backend)).contains(Count.ZERO);
      }
    }
  }

  @ParameterizedTest
  @EnumSource
  void forward_nextHopViaMac_sendsAllFramesToIt(TunnelCase tunnel) throws Exception {
    removeDefaultRoutes();
    Vip vip = tunnel.vip(testbed, Protocol.UDP);
    NextHop router = NextHop.via(testbed.balancer().routerMac());
    try (LoadBalancer lb = testbed.open(builder -> builder.nextHop(router))) {
      lb.put(vip);
      byte[] sent = Service.content(100);
      InetSocketAddress source = testbed.sourceFor(lb, vip, tunnel.backend(server));
      assertThat(testbed.client().udp(source, Testbed.target(vip), sent)).isEqualTo(sent);
      assertThat(server.decapsulator().decapsulated(tunnel.kind()).packets()).isOne();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"IPV4_IN_IPV4", "IPV6_IN_IPV6"})
  void forward_gatewayAnnouncesNewMac_usesIt(TunnelCase tunnel) throws Exception {
    Router router = testbed.lab().router();
    router.sysctl("net.ipv4.conf.balancer.arp_notify", "1");
    router.sysctl("net.ipv6.conf.balancer.ndisc_notify", "1");
    Vip vip = tunnel.vip(testbed, Protocol.UDP);
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip);
      awaitReply(vip);
      changeMacOfGateway();

      awaitDestinationMac(lb, vip, ANOTHER_MAC);
      awaitReply(vip);
    }
  }

  /** The kernel detects the change because the balancer keeps probing without kernel traffic. */
  @ParameterizedTest
  @EnumSource(names = {"IPV4_IN_IPV4", "IPV6_IN_IPV6"})
  void forward_gatewayChangesMacSilently_usesNewMac(TunnelCase tunnel) throws Exception {
    confirmNeighboursOften();
    Vip vip = tunnel.vip(testbed, Protocol.UDP);
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip);
      assertThat(forwarded(lb, vip).destinationMac())
          .isEqualTo(hex(MacAddress.parse(testbed.balancer().routerMac())));
      changeMacOfGateway();

      awaitDestinationMac(lb, vip, ANOTHER_MAC);
      awaitReply(vip);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "IPV4_IN_IPV4, NATIVE",
    "IPV4_IN_IPV4, GENERIC",
    "IPV6_IN_IPV6, NATIVE",
    "IPV6_IN_IPV6, GENERIC",
    "IPV4_IN_IPV6, NATIVE",
    "IPV6_IN_IPV4, NATIVE",
  })
  void forward_backendBehindOtherInterface_redirectsToIt(TunnelCase tunnel, AttachMode mode)
      throws Exception {
    Link routerEnd = addSecondLink();
    Vip vip = tunnel.vip(testbed, Protocol.UDP);
    Backend backend = tunnel.backend(server);
    Link second = balancerNetlink.link(SECOND);
    routeVia(backend, SECOND);
    try (LoadBalancer lb = testbed.open(builder -> builder.attach(mode))) {
      lb.put(vip);
      Encapsulated frame = forwarded(lb, vip);
      assertThat(frame.destinationMac()).isEqualTo(hex(requireNonNull(routerEnd.mac())));
      assertThat(frame.sourceMac()).isEqualTo(hex(requireNonNull(second.mac())));

      byte[] sent = Service.content(tunnel.longestDatagram(1500));
      InetSocketAddress source = testbed.sourceFor(lb, vip, backend);
      assertThat(testbed.client().udp(source, Testbed.target(vip), sent)).isEqualTo(sent);
      assertThat(server.decapsulator().decapsulated(tunnel.kind()))
          .isEqualTo(new Count(1, tunnel.countedBytes(sent.length)));
    }
  }

  private void confirmNeighboursOften() {
    for (String family : new String[] {"ipv4", "ipv6"}) {
      // faster than the kernel's defaults of 30 s, 5 s and 1 s
      String neigh = "net." + family + ".neigh.eth0.";
      testbed.balancer().sysctl(neigh + "base_reachable_time_ms", "500");
      testbed.balancer().sysctl(neigh + "delay_first_probe_time", "1");
      testbed.balancer().sysctl(neigh + "retrans_time_ms", "100");
    }
  }

  private void awaitReason(LoadBalancer lb, Backend backend, Reason reason) {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() ->
            lb.unresolved().stream()
                .anyMatch(each -> each.backend().equals(backend.key()) && each.reason() == reason));
  }

  /** The ring follows a moment after the reason is known. */
  private void awaitEmptyRing(LoadBalancer lb, Vip vip) {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() -> lb.route(anyFlow(vip)).reason() == Route.Reason.EMPTY_RING);
  }

  private static Cidr defaultOf(InetAddress family) {
    return Cidr.parse(family instanceof Inet4Address ? "0.0.0.0/0" : "::/0");
  }

  private void routeVia(Backend backend, String link) {
    balancerNetlink.addRoute(
        Cidr.host(backend.address()),
        (backend.address() instanceof Inet4Address ? SECOND_IPV4 : SECOND_IPV6).address(),
        balancerNetlink.link(link).index());
  }

  /** Creates a second link between router and balancer and returns the router's end. */
  private Link addSecondLink() throws Exception {
    int routerEnd;
    try (NetworkNamespace balancer = testbed.balancer().call(NetworkNamespace::current)) {
      routerEnd = routerNetlink.createVeth(SECOND, SECOND, balancer, 1600).index();
    }
    testbed.lab().router().run(() -> Ethtool.setFeature(SECOND, Ethtool.Feature.GRO, true));
    int balancerEnd = balancerNetlink.link(SECOND).index();
    routerNetlink.setUp(routerEnd);
    balancerNetlink.setUp(balancerEnd);
    for (Cidr prefix : List.of(SECOND_IPV4, SECOND_IPV6)) {
      routerNetlink.addAddress(routerEnd, prefix);
      balancerNetlink.addAddress(balancerEnd, next(prefix));
    }
    return routerNetlink.link(routerEnd);
  }

  private static Cidr next(Cidr prefix) {
    byte[] address = prefix.address().getAddress();
    address[address.length - 1]++;
    try {
      return new Cidr(InetAddress.getByAddress(address), prefix.length());
    } catch (UnknownHostException e) {
      throw new AssertionError("the length of an address is valid", e);
    }
  }

  private void changeMacOfGateway() {
    routerNetlink.setMac(routerNetlink.link(testbed.balancer().name()).index(), ANOTHER_MAC);
  }

  /** Cycles the interface, which removes its routes; only the connected ones return. */
  private void removeDefaultRoutes() {
    Host host = testbed.balancer();
    balancerNetlink.setDown(host.ifindex());
    balancerNetlink.setUp(host.ifindex());
    balancerNetlink.addAddress(host.ifindex(), new Cidr(host.ipv6(), 64));
  }

  private void addDefaultRoute(InetAddress family) {
    Host host = testbed.balancer();
    balancerNetlink.addRoute(
        defaultOf(family),
        family instanceof Inet4Address ? host.routerIpv4() : host.routerIpv6(),
        host.ifindex());
  }

  private void awaitReply(Vip vip) {
    await()
        .atMost(FEW_SECONDS)
        .until(() -> testbed.client().tryUdp(Testbed.target(vip)).isPresent());
  }

  private Flow anyFlow(Vip vip) {
    InetSocketAddress target = Testbed.target(vip);
    return Testbed.flow(testbed.client().source(target, 40_000), target, vip.protocol());
  }

  private void awaitDestinationMac(LoadBalancer lb, Vip vip, MacAddress mac) {
    await().atMost(FEW_SECONDS).until(() -> forwarded(lb, vip).destinationMac().equals(hex(mac)));
  }

  /** Returns the frame that the program would send now. */
  private Encapsulated forwarded(LoadBalancer lb, Vip vip) {
    Flow flow = anyFlow(vip);
    Packet packet =
        Packet.udp(flow.source(), flow.sourcePort(), flow.destination(), flow.destinationPort());
    return Encapsulated.read(lb.simulate(packet.frame()).frame());
  }

  private static String hex(MacAddress mac) {
    return Hex.of(mac.toBytes());
  }

  /** Returns what an action writes to standard error, where the tests log. */
  private static String logOf(Runnable action) {
    PrintStream standardError = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(standardError);
    }
    return log.toString(StandardCharsets.UTF_8);
  }
}
