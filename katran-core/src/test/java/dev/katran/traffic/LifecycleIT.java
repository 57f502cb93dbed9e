package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.AttachMode;
import dev.katran.Backend;
import dev.katran.Count;
import dev.katran.Decapsulator;
import dev.katran.InterfaceDownException;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.Simulation;
import dev.katran.UnknownInterfaceException;
import dev.katran.Verdict;
import dev.katran.Vip;
import dev.katran.XdpHookBusyException;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks how a load balancer attaches to an interface and detaches from it. */
@NeedsKernel
class LifecycleIT {

  private Testbed testbed;
  private List<Vip> vips;

  @BeforeEach
  void create() throws Exception {
    testbed = Testbed.of(1, host -> Service.replying(host.name()), AttachMode.AUTOMATIC);
    vips =
        List.of(
            TunnelCase.IPV4_IN_IPV4.vip(testbed, Protocol.UDP),
            TunnelCase.IPV6_IN_IPV6.vip(testbed, Protocol.UDP),
            TunnelCase.IPV4_IN_IPV6.vip(testbed, Protocol.TCP),
            TunnelCase.IPV6_IN_IPV4.vip(testbed, Protocol.TCP));
  }

  @AfterEach
  void close() {
    testbed.close();
  }

  @Test
  void open_unknownInterface_throws() {
    assertThatExceptionOfType(UnknownInterfaceException.class)
        .isThrownBy(() -> testbed.balancer().call(() -> LoadBalancer.on("eth7").open()))
        .withMessageContaining("\"eth7\"");
  }

  @Test
  void open_interfaceOfOtherNamespace_throws() {
    assertThatExceptionOfType(UnknownInterfaceException.class)
        .isThrownBy(() -> testbed.balancer().call(() -> LoadBalancer.on("server-1").open()))
        .withMessageContaining("\"server-1\"");
  }

  @Test
  void open_interfaceDown_throws() throws Exception {
    try (Rtnetlink netlink = testbed.balancer().call(Rtnetlink::open)) {
      netlink.setDown(testbed.balancer().ifindex());
    }

    assertThatExceptionOfType(InterfaceDownException.class)
        .isThrownBy(() -> testbed.open())
        .withMessageContaining("eth0 is down");
    assertThat(link().xdpProgramId()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void open_balancerAttached_throwsAndFirstContinues(AttachMode mode) throws Exception {
    try (LoadBalancer lb = testbed.open()) {
      lb.apply(vips);
      int program = link().xdpProgramId();

      assertThatExceptionOfType(XdpHookBusyException.class)
          .isThrownBy(() -> testbed.open(builder -> builder.attach(mode)))
          .withMessageContaining("eth0 ")
          .withMessageContaining("program " + program + " (balancer)");
      assertThat(link().xdpProgramId()).isEqualTo(program);
      assertAllRepliesFrom("server-1");
      assertThat(lb.counters().vip(vips.getFirst()).orElseThrow().packets()).isEqualTo(1);
    }
  }

  @Test
  void open_foreignProgramAttached_throwsAndKeepsIt() throws Exception {
    try (Decapsulator decapsulator =
        testbed.balancer().call(() -> Decapsulator.on(Host.INTERFACE).open())) {
      int program = link().xdpProgramId();

      assertThatExceptionOfType(XdpHookBusyException.class)
          .isThrownBy(() -> testbed.open())
          .withMessageContaining("eth0 ")
          .withMessageContaining("program " + program + " (decap)");
      assertThat(link().xdpProgramId()).isEqualTo(program);
      assertThat(decapsulator.decapsulated()).isEqualTo(Count.ZERO);
    }
  }

  @ParameterizedTest
  @EnumSource
  void close_attachedBalancer_returnsPacketsToHost(AttachMode mode) throws Exception {
    try (Listener local = new Listener(testbed.balancer(), Service.replying("balancer"))) {
      local.listen(Testbed.VIP_IPV4, Testbed.PORT);
      local.listen(Testbed.VIP_IPV6, Testbed.PORT);
      LoadBalancer lb = testbed.open(builder -> builder.attach(mode));
      assertThat(link().xdpProgramId()).isNotZero();
      assertAllRepliesFrom("balancer");
      lb.apply(vips);
      assertAllRepliesFrom("server-1");

      lb.close();
      assertThat(link().xdpProgramId()).isZero();
      assertAllRepliesFrom("balancer");

      try (LoadBalancer again = testbed.open(builder -> builder.attach(mode))) {
        again.apply(vips);
        assertAllRepliesFrom("server-1");
      }
      assertThat(link().xdpProgramId()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void forward_everyAttachMode_deliversAllTunnels(AttachMode mode) throws Exception {
    try (Testbed pair = Testbed.of(2, host -> Service.ECHO, mode);
        LoadBalancer lb = pair.open(builder -> builder.attach(mode))) {
      for (TunnelCase tunnel : TunnelCase.values()) {
        Vip udp = tunnel.vip(pair, Protocol.UDP);
        Vip tcp = tunnel.vip(pair, Protocol.TCP);
        lb.apply(List.of(udp, tcp));
        byte[] longest = Service.content(tunnel.longestDatagram(1500));
        byte[] stream = Service.content(50_000);
        for (Backend backend : udp.backends()) {
          InetSocketAddress source = pair.sourceFor(lb, udp, backend);
          assertThat(pair.client().udp(source, Testbed.target(udp), longest)).isEqualTo(longest);
          source = pair.sourceFor(lb, tcp, backend);
          assertThat(pair.client().tcp(source, Testbed.target(tcp), stream)).isEqualTo(stream);
        }
        assertThat(lb.counters().vip(udp))
            .contains(new Count(2, 2L * tunnel.countedBytes(longest.length)));
        assertThat(lb.counters().vip(tcp).orElseThrow().bytes()).isGreaterThan(2L * stream.length);
      }
      assertThat(lb.counters().dropped()).isEqualTo(Count.ZERO);
      for (Server server : pair.servers()) {
        assertThat(server.datagrams()).isEqualTo(TunnelCase.values().length);
      }
    }
  }

  @Test
  void use_fromOutsideItsNamespace_works() throws Exception {
    try (LoadBalancer lb = testbed.open()) {
      for (Vip vip : vips) {
        lb.put(vip);
        InetSocketAddress target = Testbed.target(vip);
        InetSocketAddress source = testbed.client().source(target, 40_000);
        Packet packet =
            vip.protocol() == Protocol.TCP
                ? Packet.tcp(source.getAddress(), 40_000, target.getAddress(), target.getPort())
                : Packet.udp(source.getAddress(), 40_000, target.getAddress(), target.getPort());
        Backend backend = vip.backends().getFirst();

        assertThat(lb.route(Testbed.flow(source, target, vip.protocol())).backend())
            .contains(backend);
        Simulation simulation = lb.simulate(packet.frame());
        assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
        Encapsulated sent = Encapsulated.read(simulation.frame());
        assertThat(sent.destination()).isEqualTo(backend.address());
        assertThat(sent.destinationMac())
            .isEqualTo(testbed.balancer().routerMac().replace(":", ""));
        assertThat(lb.counters().vip(vip).orElseThrow().packets()).isEqualTo(1);
      }
      assertAllRepliesFrom("server-1");
      assertThat(lb.remove(vips.getFirst())).isTrue();
      assertThat(testbed.client().tryUdp(Testbed.target(vips.getFirst()))).isEmpty();
    }
  }

  @Test
  void put_interfaceDeleted_succeeds() throws Exception {
    try (LoadBalancer lb = testbed.open();
        Rtnetlink netlink = testbed.lab().router().call(Rtnetlink::open)) {
      lb.apply(vips);
      netlink.delete(netlink.link("balancer").index());

      lb.put(vips.getFirst().without(vips.getFirst().backends().getFirst().key()));
      assertThat(lb.counters().vip(vips.getFirst())).contains(Count.ZERO);
    }
  }

  @Test
  void put_prefixThatContainsAddressOfTheHost_isRefusedUnlessMeant() throws Exception {
    Vip wide = Vip.tcp("10.0.0.0/8").backends(vips.getFirst().backends()).build();
    Vip wideIpv6 = Vip.tcp("fc00::/16", 443).backends(vips.getFirst().backends()).build();
    String own = testbed.balancer().ipv4().getHostAddress();
    try (LoadBalancer lb = testbed.open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lb.put(wide))
          .withMessageContaining(
              "VIP tcp 10.0.0.0/8:* contains " + own + ", an address of this host")
          .withMessageContaining("coverHostAddresses");
      assertThatIllegalArgumentException().isThrownBy(() -> lb.put(wideIpv6));
      assertThatIllegalArgumentException().isThrownBy(() -> lb.apply(List.of(wide)));
      assertThat(lb.vips()).isEmpty();
      lb.put(Vip.tcp("203.0.113.0/24").backends(wide.backends()).build());
    }
    try (LoadBalancer lb = testbed.open(builder -> builder.coverHostAddresses(true))) {
      lb.apply(List.of(wide, wideIpv6));
      assertThat(lb.vips()).hasSize(2);
    }
  }

  private Link link() throws Exception {
    try (Rtnetlink netlink = testbed.balancer().call(Rtnetlink::open)) {
      return netlink.link(Host.INTERFACE);
    }
  }

  private void assertAllRepliesFrom(String name) throws Exception {
    byte[] request = {'?'};
    for (Vip vip : vips) {
      InetSocketAddress target = Testbed.target(vip);
      InetSocketAddress source = testbed.client().source(target, 0);
      byte[] reply =
          vip.protocol() == Protocol.TCP
              ? testbed.client().tcp(source, target, request)
              : testbed.client().udp(source, target, request);
      assertThat(new String(reply, StandardCharsets.UTF_8)).as(vip.toString()).isEqualTo(name);
    }
  }
}
