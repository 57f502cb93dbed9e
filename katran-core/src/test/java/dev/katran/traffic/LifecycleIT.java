package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

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

/** A balancer comes to an interface, and goes from it. */
@NeedsKernel
class LifecycleIT {

  private Site site;
  private List<Vip> vips;

  @BeforeEach
  void create() throws Exception {
    site = Site.of(1, host -> Service.saying(host.name()), AttachMode.AUTOMATIC);
    vips =
        List.of(
            Tunnel.IPV4_IN_IPV4.vip(site, Protocol.UDP),
            Tunnel.IPV6_IN_IPV6.vip(site, Protocol.UDP),
            Tunnel.IPV4_IN_IPV6.vip(site, Protocol.TCP),
            Tunnel.IPV6_IN_IPV4.vip(site, Protocol.TCP));
  }

  @AfterEach
  void close() {
    site.close();
  }

  @Test
  void anUnknownInterfaceIsNamed() {
    assertThatExceptionOfType(UnknownInterfaceException.class)
        .isThrownBy(() -> site.balancer().call(() -> LoadBalancer.on("eth7").open()))
        .withMessageContaining("\"eth7\"");
  }

  @Test
  void anInterfaceOfAnotherNamespaceIsUnknown() {
    assertThatExceptionOfType(UnknownInterfaceException.class)
        .isThrownBy(() -> site.balancer().call(() -> LoadBalancer.on("server-1").open()))
        .withMessageContaining("\"server-1\"");
  }

  @Test
  void anInterfaceThatIsDownIsNamed() {
    try (Rtnetlink netlink = Rtnetlink.open(site.balancer().namespace())) {
      netlink.setDown(site.balancer().ifindex());
    }

    assertThatExceptionOfType(InterfaceDownException.class)
        .isThrownBy(() -> site.open())
        .withMessageContaining("eth0 is down");
    assertThat(link().xdpProgramId()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void aSecondBalancerIsRefusedAndTheFirstGoesOn(AttachMode mode) throws Exception {
    try (LoadBalancer lb = site.open()) {
      lb.apply(vips);
      int program = link().xdpProgramId();

      assertThatExceptionOfType(XdpHookBusyException.class)
          .isThrownBy(() -> site.open(builder -> builder.attach(mode)))
          .withMessageContaining("eth0 ")
          .withMessageContaining("program " + program + " (balancer)");
      assertThat(link().xdpProgramId()).isEqualTo(program);
      assertAllAnsweredBy("server-1");
      assertThat(lb.counters().vip(vips.getFirst()).packets()).isEqualTo(1);
    }
  }

  @Test
  void aProgramOfSomebodyElseIsNotReplaced() throws Exception {
    try (Decapsulator decapsulator =
        site.balancer().call(() -> Decapsulator.on(Host.INTERFACE).open())) {
      int program = link().xdpProgramId();

      assertThatExceptionOfType(XdpHookBusyException.class)
          .isThrownBy(() -> site.open())
          .withMessageContaining("eth0 ")
          .withMessageContaining("program " + program + " (decap)");
      assertThat(link().xdpProgramId()).isEqualTo(program);
      assertThat(decapsulator.decapsulated()).isEqualTo(Count.ZERO);
    }
  }

  @ParameterizedTest
  @EnumSource
  void afterCloseThePacketsAreTheHostsAgain(AttachMode mode) throws Exception {
    try (Listener local = new Listener(site.balancer(), Service.saying("balancer"))) {
      local.listen(Site.VIP_IPV4, Site.PORT);
      local.listen(Site.VIP_IPV6, Site.PORT);
      LoadBalancer lb = site.open(builder -> builder.attach(mode));
      assertThat(link().xdpProgramId()).isNotZero();
      assertAllAnsweredBy("balancer");
      lb.apply(vips);
      assertAllAnsweredBy("server-1");

      lb.close();
      assertThat(link().xdpProgramId()).isZero();
      assertAllAnsweredBy("balancer");

      try (LoadBalancer again = site.open(builder -> builder.attach(mode))) {
        again.apply(vips);
        assertAllAnsweredBy("server-1");
      }
      assertThat(link().xdpProgramId()).isZero();
    }
  }

  @ParameterizedTest
  @EnumSource
  void everyWayToAttachForwards(AttachMode mode) throws Exception {
    try (Site same = Site.of(2, host -> Service.ECHO, mode);
        LoadBalancer lb = same.open(builder -> builder.attach(mode))) {
      for (Tunnel tunnel : Tunnel.values()) {
        Vip udp = tunnel.vip(same, Protocol.UDP);
        Vip tcp = tunnel.vip(same, Protocol.TCP);
        lb.apply(List.of(udp, tcp));
        byte[] longest = Service.content(tunnel.longestDatagram(1500));
        byte[] stream = Service.content(50_000);
        for (Backend backend : udp.backends()) {
          InetSocketAddress source = same.sourceFor(lb, udp, backend);
          assertThat(same.client().udp(source, Site.target(udp), longest)).isEqualTo(longest);
          source = same.sourceFor(lb, tcp, backend);
          assertThat(same.client().tcp(source, Site.target(tcp), stream)).isEqualTo(stream);
        }
        assertThat(lb.counters().vip(udp))
            .isEqualTo(new Count(2, 2L * tunnel.countedBytes(longest.length)));
        assertThat(lb.counters().vip(tcp).bytes()).isGreaterThan(2L * stream.length);
      }
      assertThat(lb.counters().dropped()).isEqualTo(Count.ZERO);
      for (Server server : same.servers()) {
        assertThat(server.datagrams()).isEqualTo(Tunnel.values().length);
      }
    }
  }

  @Test
  void itCanBeUsedFromOutsideItsNamespace() throws Exception {
    try (LoadBalancer lb = site.open()) {
      for (Vip vip : vips) {
        lb.put(vip);
        InetSocketAddress target = Site.target(vip);
        InetSocketAddress source = site.client().source(target, 40_000);
        Packet packet =
            vip.protocol() == Protocol.TCP
                ? Packet.tcp(source.getAddress(), 40_000, target.getAddress(), target.getPort())
                : Packet.udp(source.getAddress(), 40_000, target.getAddress(), target.getPort());
        Backend backend = vip.backends().getFirst();

        assertThat(lb.route(Site.flow(source, target, vip.protocol())).backend()).contains(backend);
        Simulation simulation = lb.simulate(packet.frame());
        assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
        Encapsulated sent = Encapsulated.read(simulation.frame());
        assertThat(sent.destination()).isEqualTo(backend.address());
        assertThat(sent.destinationMac())
            .isEqualTo(site.balancer().routerMac().toString().replace(":", ""));
        assertThat(lb.counters().vip(vip).packets()).isEqualTo(1);
      }
      assertAllAnsweredBy("server-1");
      assertThat(lb.remove(vips.getFirst())).isTrue();
      assertThat(site.client().tryUdp(Site.target(vips.getFirst()))).isEmpty();
    }
  }

  @Test
  void aBalancerOutlivesItsInterface() throws Exception {
    try (LoadBalancer lb = site.open();
        Rtnetlink netlink = Rtnetlink.open(site.lab().router())) {
      lb.apply(vips);
      netlink.delete(netlink.link("balancer").index());

      lb.put(vips.getFirst().without(vips.getFirst().backends().getFirst().address()));
      assertThat(lb.counters().vip(vips.getFirst())).isEqualTo(Count.ZERO);
    }
  }

  private Link link() {
    try (Rtnetlink netlink = Rtnetlink.open(site.balancer().namespace())) {
      return netlink.link(Host.INTERFACE);
    }
  }

  private void assertAllAnsweredBy(String name) throws Exception {
    byte[] question = {'?'};
    for (Vip vip : vips) {
      InetSocketAddress target = Site.target(vip);
      InetSocketAddress source = site.client().source(target, 0);
      byte[] answer =
          vip.protocol() == Protocol.TCP
              ? site.client().tcp(source, target, question)
              : site.client().udp(source, target, question);
      assertThat(new String(answer, StandardCharsets.UTF_8)).as(vip.toString()).isEqualTo(name);
    }
  }
}
