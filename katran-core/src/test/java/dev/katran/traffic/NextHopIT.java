package dev.katran.traffic;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.katran.AttachMode;
import dev.katran.Backend;
import dev.katran.Count;
import dev.katran.Flow;
import dev.katran.LoadBalancer;
import dev.katran.NextHop;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Prefix;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The way from the balancer to a backend: found, missing, given, and changed. */
@NeedsKernel
class NextHopIT {

  private static final MacAddress ANOTHER_MAC = MacAddress.parse("02:00:00:00:ff:01");

  /** The balancer's and the router's ends of another cable between them, and its addresses. */
  private static final String SECOND = "second";

  private static final Prefix SECOND_IPV4 = Prefix.parse("10.99.0.1/24");
  private static final Prefix SECOND_IPV6 = Prefix.parse("fc00:0:0:99::1/64");

  /** The balancer asks once a second; the kernel may have to ask the neighbour several times. */
  private static final Duration FEW_SECONDS = Duration.ofSeconds(10);

  private Site site;
  private Server server;
  private Rtnetlink ofBalancer;
  private Rtnetlink ofRouter;

  @BeforeEach
  void open() throws Exception {
    site = Site.of(1, Service.ECHO);
    server = site.servers().getFirst();
    ofBalancer = Rtnetlink.open(site.balancer().namespace());
    ofRouter = Rtnetlink.open(site.lab().router());
  }

  @AfterEach
  void close() {
    ofBalancer.close();
    ofRouter.close();
    site.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"IPV4_IN_IPV4", "IPV6_IN_IPV6"})
  void aBackendWithoutARouteIsReportedAndServesWhenThereIsOne(Tunnel tunnel) throws Exception {
    removeDefaultRoutes();
    Vip vip = tunnel.vip(site, Protocol.UDP);
    Backend backend = tunnel.backend(server);
    try (LoadBalancer lb = site.open()) {
      String said = whatIsSaidDuring(() -> lb.put(vip));
      assertThat(said).contains("no next hop towards backend " + backend);
      assertThat(lb.route(anyFlow(vip)).backend()).contains(backend);
      assertThat(site.client().tryUdp(Site.target(vip))).isEmpty();
      assertThat(lb.counters().dropped().packets()).isEqualTo(1);
      assertThat(lb.counters().backend(backend)).isEqualTo(Count.ZERO);
      assertThat(server.decapsulator().decapsulated()).isEqualTo(Count.ZERO);

      addDefaultRoute(backend.address());
      awaitAnAnswer(vip);
      assertThat(lb.counters().backend(backend).packets()).isPositive();
    }
  }

  @ParameterizedTest
  @EnumSource
  void allFramesGoToTheNextHopThatIsGiven(Tunnel tunnel) throws Exception {
    removeDefaultRoutes();
    Vip vip = tunnel.vip(site, Protocol.UDP);
    NextHop router = NextHop.via(site.balancer().routerMac().toString());
    try (LoadBalancer lb = site.open(builder -> builder.nextHop(router))) {
      lb.put(vip);
      byte[] sent = Service.content(100);
      InetSocketAddress source = site.sourceFor(lb, vip, tunnel.backend(server));
      assertThat(site.client().udp(source, Site.target(vip), sent)).isEqualTo(sent);
      assertThat(server.decapsulator().decapsulated(tunnel.kind()).packets()).isOne();
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"IPV4_IN_IPV4", "IPV6_IN_IPV6"})
  void aGatewayThatAnnouncesAnotherMacIsFollowed(Tunnel tunnel) throws Exception {
    NetworkNamespace router = site.lab().router();
    router.sysctl("net.ipv4.conf.balancer.arp_notify", "1");
    router.sysctl("net.ipv6.conf.balancer.ndisc_notify", "1");
    Vip vip = tunnel.vip(site, Protocol.UDP);
    try (LoadBalancer lb = site.open()) {
      lb.put(vip);
      awaitAnAnswer(vip);
      changeMacOfGateway();

      awaitDestinationMac(lb, vip, ANOTHER_MAC);
      awaitAnAnswer(vip);
    }
  }

  /** The kernel finds out because the balancer keeps asking, though it forwards nothing. */
  @ParameterizedTest
  @EnumSource(names = {"IPV4_IN_IPV4", "IPV6_IN_IPV6"})
  void aGatewayThatIsReplacedSilentlyIsFollowed(Tunnel tunnel) throws Exception {
    for (String family : new String[] {"ipv4", "ipv6"}) {
      // the kernel's own 30 s, 5 s and 1 s would do as well
      String neigh = "net." + family + ".neigh.eth0.";
      site.balancer().namespace().sysctl(neigh + "base_reachable_time_ms", "500");
      site.balancer().namespace().sysctl(neigh + "delay_first_probe_time", "1");
      site.balancer().namespace().sysctl(neigh + "retrans_time_ms", "100");
    }
    Vip vip = tunnel.vip(site, Protocol.UDP);
    try (LoadBalancer lb = site.open()) {
      lb.put(vip);
      assertThat(forwarded(lb, vip).destinationMac()).isEqualTo(hex(site.balancer().routerMac()));
      changeMacOfGateway();

      awaitDestinationMac(lb, vip, ANOTHER_MAC);
      awaitAnAnswer(vip);
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
  void aBackendBehindAnotherInterfaceIsReachedByThatOne(Tunnel tunnel, AttachMode mode)
      throws Exception {
    Link routersEnd = connectAgain();
    Vip vip = tunnel.vip(site, Protocol.UDP);
    Backend backend = tunnel.backend(server);
    Link second = ofBalancer.link(SECOND);
    ofBalancer.addRoute(
        Prefix.host(backend.address()),
        (backend.address() instanceof Inet4Address ? SECOND_IPV4 : SECOND_IPV6).address(),
        second.index());
    try (LoadBalancer lb = site.open(builder -> builder.attach(mode))) {
      lb.put(vip);
      Encapsulated frame = forwarded(lb, vip);
      assertThat(frame.destinationMac()).isEqualTo(hex(requireNonNull(routersEnd.mac())));
      assertThat(frame.sourceMac()).isEqualTo(hex(requireNonNull(second.mac())));

      byte[] sent = Service.content(tunnel.longestDatagram(1500));
      InetSocketAddress source = site.sourceFor(lb, vip, backend);
      assertThat(site.client().udp(source, Site.target(vip), sent)).isEqualTo(sent);
      assertThat(server.decapsulator().decapsulated(tunnel.kind()))
          .isEqualTo(new Count(1, tunnel.countedBytes(sent.length)));
    }
  }

  /** Another cable between router and balancer; returns the router's end. */
  private Link connectAgain() {
    NetworkNamespace router = site.lab().router();
    int routersEnd = ofRouter.createVeth(SECOND, SECOND, site.balancer().namespace(), 1600).index();
    router.run(() -> Ethtool.setFeature(SECOND, Ethtool.Feature.GRO, true));
    int balancersEnd = ofBalancer.link(SECOND).index();
    ofRouter.setUp(routersEnd);
    ofBalancer.setUp(balancersEnd);
    for (Prefix prefix : List.of(SECOND_IPV4, SECOND_IPV6)) {
      ofRouter.addAddress(routersEnd, prefix);
      ofBalancer.addAddress(balancersEnd, next(prefix));
    }
    return ofRouter.link(routersEnd);
  }

  private static Prefix next(Prefix prefix) {
    byte[] address = prefix.address().getAddress();
    address[address.length - 1]++;
    try {
      return new Prefix(InetAddress.getByAddress(address), prefix.length());
    } catch (UnknownHostException e) {
      throw new AssertionError("the length is that of an address", e);
    }
  }

  private void changeMacOfGateway() {
    ofRouter.setMac(ofRouter.link(site.balancer().name()).index(), ANOTHER_MAC);
  }

  /** With the interface go its routes; those of its own networks come back with it. */
  private void removeDefaultRoutes() {
    Host host = site.balancer();
    ofBalancer.setDown(host.ifindex());
    ofBalancer.setUp(host.ifindex());
    ofBalancer.addAddress(host.ifindex(), new Prefix(host.ipv6(), 64));
  }

  private void addDefaultRoute(InetAddress family) {
    Host host = site.balancer();
    if (family instanceof Inet4Address) {
      ofBalancer.addRoute(Prefix.parse("0.0.0.0/0"), host.routerIpv4(), host.ifindex());
    } else {
      ofBalancer.addRoute(Prefix.parse("::/0"), host.routerIpv6(), host.ifindex());
    }
  }

  private void awaitAnAnswer(Vip vip) {
    await().atMost(FEW_SECONDS).until(() -> site.client().tryUdp(Site.target(vip)).isPresent());
  }

  private Flow anyFlow(Vip vip) {
    InetSocketAddress target = Site.target(vip);
    return Site.flow(site.client().source(target, 40_000), target, vip.protocol());
  }

  private void awaitDestinationMac(LoadBalancer lb, Vip vip, MacAddress mac) {
    await().atMost(FEW_SECONDS).until(() -> forwarded(lb, vip).destinationMac().equals(hex(mac)));
  }

  /** What the program would send now. */
  private Encapsulated forwarded(LoadBalancer lb, Vip vip) {
    Flow flow = anyFlow(vip);
    Packet packet =
        Packet.udp(flow.source(), flow.sourcePort(), flow.destination(), flow.destinationPort());
    return Encapsulated.read(lb.simulate(packet.frame()).frame());
  }

  private static String hex(MacAddress mac) {
    return Hex.of(mac.toBytes());
  }

  private static String whatIsSaidDuring(Runnable action) {
    PrintStream standardError = System.err;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    System.setErr(new PrintStream(said, true, StandardCharsets.UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(standardError);
    }
    return said.toString(StandardCharsets.UTF_8);
  }
}
