package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.katran.Backend;
import dev.katran.Count;
import dev.katran.Counters;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.Vip;
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
 * Checks path MTU discovery. A link on the path to the client has a smaller MTU than the backend
 * and the client expect. The router reports it to the VIP, so the ICMP error arrives at the
 * balancer, which must forward it to the backend of the flow.
 */
@NeedsKernel
class PathMtuIT {

  /** Longer than the MTU of the narrow link, but not than the MTU of the other links. */
  private static final byte[] DATAGRAM = Service.content(1440);

  private static final byte[] STREAM = Service.content(200_000);

  private Testbed testbed;
  private LoadBalancer lb;

  @BeforeEach
  void open() throws Exception {
    testbed = Testbed.of(3, Service.sending(DATAGRAM, STREAM));
    for (Server server : testbed.servers()) {
      // TCP must rely on the ICMP error instead of probing
      server.host().sysctl("net.ipv4.tcp_mtu_probing", "0");
    }
    lb = testbed.open();
  }

  @AfterEach
  void close() {
    lb.close();
    testbed.close();
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
  void forward_packetTooBigForTcp_reachesItsBackend(TunnelCase tunnel, int mtu) throws Exception {
    narrow(mtu);
    Vip vip = tunnel.vip(testbed, Protocol.TCP);
    lb.put(vip);
    for (Server server : testbed.servers()) {
      InetSocketAddress source = testbed.sourceFor(lb, vip, tunnel.backend(server));
      Map<Server, Long> before = packetTooBigs(tunnel);

      assertThat(testbed.client().tcp(source, Testbed.target(vip), new byte[0])).isEqualTo(STREAM);
      assertOnlyBackendNotified(server, before, packetTooBigs(tunnel));
    }
    assertAllForwarded(tunnel, vip);
  }

  @ParameterizedTest
  @EnumSource
  void forward_packetTooBigForUdp_reachesItsBackend(TunnelCase tunnel) throws Exception {
    narrow(1300);
    Vip vip = tunnel.vip(testbed, Protocol.UDP);
    lb.put(vip);
    for (Server server : testbed.servers()) {
      Backend backend = tunnel.backend(server);
      InetSocketAddress source = testbed.sourceFor(lb, vip, backend);
      Map<Server, Long> before = packetTooBigs(tunnel);

      // the first reply is lost; a later one arrives in fragments
      await()
          .atMost(Client.PATIENCE)
          .until(() -> {
            Optional<byte[]> reply = testbed.client().tryUdp(source, Testbed.target(vip));
            return reply.filter(received -> Arrays.equals(received, DATAGRAM)).isPresent();
          });
      assertOnlyBackendNotified(server, before, packetTooBigs(tunnel));
      await()
          .atMost(Client.PATIENCE)
          .until(() ->
              lb.counters().backend(backend).orElseThrow().packets()
                  == server.datagrams() + packetTooBigs(tunnel).get(server));
    }
    assertAllForwarded(tunnel, vip);
  }

  /** Lowers the MTU of the router's interface towards the client, but not the client's own. */
  private void narrow(int mtu) throws Exception {
    try (Rtnetlink netlink = testbed.lab().router().call(Rtnetlink::open)) {
      netlink.setMtu(netlink.link(testbed.client().host().name()).index(), mtu);
    }
  }

  private static void assertOnlyBackendNotified(
      Server backend, Map<Server, Long> before, Map<Server, Long> after) {
    after.forEach((server, count) -> {
      if (server == backend) {
        assertThat(count).as("ICMP errors at %s", server).isGreaterThan(before.get(server));
      } else {
        assertThat(count).as("ICMP errors at %s", server).isEqualTo(before.get(server));
      }
    });
  }

  private void assertAllForwarded(TunnelCase tunnel, Vip vip) {
    await()
        .atMost(Client.PATIENCE)
        .untilAsserted(() -> {
          Counters counters = lb.counters();
          for (Server server : testbed.servers()) {
            assertThat(counters.backend(tunnel.backend(server)))
                .contains(server.decapsulator().decapsulated(tunnel.kind()));
          }
          assertThat(counters.sent().packets())
              .isEqualTo(counters.vip(vip).orElseThrow().packets());
          assertThat(counters.dropped()).isEqualTo(Count.ZERO);
        });
  }

  /** Returns the number of ICMP "packet too big" errors that each server has received. */
  private Map<Server, Long> packetTooBigs(TunnelCase tunnel) throws Exception {
    Map<Server, Long> counts = new HashMap<>();
    for (Server server : testbed.servers()) {
      Host host = server.host();
      counts.put(
          server,
          tunnel.hasIpv4Vip()
              ? SnmpCounters.ipv4(host, "Icmp", "InDestUnreachs")
              : SnmpCounters.ipv6(host, "Icmp6InPktTooBigs"));
    }
    return counts;
  }
}
