package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.katran.Backend;
import dev.katran.Count;
import dev.katran.Counters;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
import dev.katran.needs.NeedsKernel;
import java.net.InetSocketAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * On the way back to the client there is a link that takes less than the backend and the client
 * know of. The router tells the VIP, and so the balancer; the backend must hear of it.
 */
@NeedsKernel
class PathMtuIT {

  /** Longer than any of the narrow links takes, not longer than the others do. */
  private static final byte[] DATAGRAM = Service.content(1440);

  private static final byte[] STREAM = Service.content(200_000);

  private Site site;
  private LoadBalancer lb;

  @BeforeEach
  void open() throws Exception {
    site = Site.of(3, Service.sending(DATAGRAM, STREAM));
    for (Server server : site.servers()) {
      // nobody shall find out by trying
      server.host().namespace().sysctl("net.ipv4.tcp_mtu_probing", "0");
    }
    lb = site.open();
  }

  @AfterEach
  void close() {
    lb.close();
    site.close();
  }

  @ParameterizedTest
  @CsvSource({
    "IPV4_IN_IPV4, 1400",
    "IPV6_IN_IPV6, 1280",
    "IPV4_IN_IPV6, 1280",
    "IPV6_IN_IPV4, 1400",
    "IPV4_IN_UDP_IN_IPV4, 1400",
    "IPV6_IN_UDP_IN_IPV6, 1280",
    "IPV4_IN_UDP_IN_IPV6, 1280",
    "IPV6_IN_UDP_IN_IPV4, 1400",
  })
  void aConnectionIsToldByTheRouter(Tunnel tunnel, int mtu) throws Exception {
    narrow(mtu);
    Vip vip = tunnel.vip(site, Protocol.TCP);
    lb.put(vip);
    for (Server server : site.servers()) {
      InetSocketAddress source = site.sourceFor(lb, vip, tunnel.backend(server));
      Map<Server, Long> before = tooBigs(tunnel);

      assertThat(site.client().tcp(source, Site.target(vip), new byte[0])).isEqualTo(STREAM);
      assertOnlyOneWasTold(server, before, tooBigs(tunnel));
    }
    assertEverythingWasForwarded(tunnel, vip);
  }

  @ParameterizedTest
  @EnumSource
  void datagramsAreToldByTheRouter(Tunnel tunnel) throws Exception {
    narrow(1300);
    Vip vip = tunnel.vip(site, Protocol.UDP);
    lb.put(vip);
    for (Server server : site.servers()) {
      Backend backend = tunnel.backend(server);
      InetSocketAddress source = site.sourceFor(lb, vip, backend);
      Map<Server, Long> before = tooBigs(tunnel);

      // the answer to the first is lost; that to another comes in fragments
      await()
          .atMost(Client.PATIENCE)
          .until(() -> {
            Optional<byte[]> answer = site.client().tryUdp(source, Site.target(vip));
            return answer.filter(received -> Arrays.equals(received, DATAGRAM)).isPresent();
          });
      assertOnlyOneWasTold(server, before, tooBigs(tunnel));
      await()
          .atMost(Client.PATIENCE)
          .until(() ->
              lb.counters().backend(backend).packets()
                  == server.datagrams() + tooBigs(tunnel).get(server));
    }
    assertEverythingWasForwarded(tunnel, vip);
  }

  /** Has the router send no more than this to the client, which does not know. */
  private void narrow(int mtu) {
    NetworkNamespace router = site.lab().router();
    try (Rtnetlink netlink = Rtnetlink.open(router)) {
      netlink.setMtu(netlink.link(site.client().host().name()).index(), mtu);
    }
  }

  private static void assertOnlyOneWasTold(
      Server one, Map<Server, Long> before, Map<Server, Long> after) {
    after.forEach((server, count) -> {
      if (server == one) {
        assertThat(count).as("messages at %s", server).isGreaterThan(before.get(server));
      } else {
        assertThat(count).as("messages at %s", server).isEqualTo(before.get(server));
      }
    });
  }

  private void assertEverythingWasForwarded(Tunnel tunnel, Vip vip) {
    await()
        .atMost(Client.PATIENCE)
        .untilAsserted(() -> {
          Counters counters = lb.counters();
          for (Server server : site.servers()) {
            assertThat(server.decapsulator().decapsulated(tunnel.kind()))
                .isEqualTo(counters.backend(tunnel.backend(server)));
          }
          assertThat(counters.sent().packets()).isEqualTo(counters.vip(vip).packets());
          assertThat(counters.dropped()).isEqualTo(Count.ZERO);
        });
  }

  /** How often each server was told that a packet of its is too big. */
  private Map<Server, Long> tooBigs(Tunnel tunnel) throws Exception {
    Map<Server, Long> counts = new HashMap<>();
    for (Server server : site.servers()) {
      Host host = server.host();
      counts.put(
          server,
          tunnel.hasIpv4Vip()
              ? Snmp.ipv4(host, "Icmp", "InDestUnreachs")
              : Snmp.ipv6(host, "Icmp6InPktTooBigs"));
    }
    return counts;
  }
}
