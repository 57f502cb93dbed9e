package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.katran.Backend;
import dev.katran.Count;
import dev.katran.Counters;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.needs.NeedsKernel;
import java.net.InetSocketAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks that backends receive traffic and reply to the client directly, in all tunnels. */
@NeedsKernel
class ForwardingIT {

  private static final int MTU = 1500;

  private Testbed testbed;
  private LoadBalancer lb;

  @BeforeEach
  void open() throws Exception {
    testbed = Testbed.of(3, Service.ECHO);
    lb = testbed.open();
  }

  @AfterEach
  void close() {
    lb.close();
    testbed.close();
  }

  @ParameterizedTest
  @EnumSource
  void forward_datagramsUpToMtu_areEchoedIntact(TunnelCase tunnel) throws Exception {
    Vip vip = tunnel.vip(testbed, Protocol.UDP);
    lb.put(vip);
    List<Integer> lengths = List.of(1, 100, tunnel.longestDatagram(MTU));
    for (Backend backend : vip.backends()) {
      InetSocketAddress source = testbed.sourceFor(lb, vip, backend);
      for (int length : lengths) {
        byte[] sent = Service.content(length);
        assertThat(testbed.client().udp(source, Testbed.target(vip), sent)).isEqualTo(sent);
      }
    }

    long bytes = lengths.stream().mapToLong(tunnel::countedBytes).sum();
    assertCounted(tunnel, vip);
    for (Server server : testbed.servers()) {
      assertThat(server.datagrams()).isEqualTo(lengths.size());
      assertThat(lb.counters().backend(tunnel.backend(server)))
          .contains(new Count(lengths.size(), bytes));
    }
  }

  @ParameterizedTest
  @EnumSource
  void forward_tcpConnections_carryBytesBothWays(TunnelCase tunnel) throws Exception {
    Vip vip = tunnel.vip(testbed, Protocol.TCP);
    lb.put(vip);
    int length = 300_000;
    byte[] sent = Service.content(length);
    for (Backend backend : vip.backends()) {
      InetSocketAddress source = testbed.sourceFor(lb, vip, backend);
      assertThat(testbed.client().tcp(source, Testbed.target(vip), sent)).isEqualTo(sent);
    }

    assertCounted(tunnel, vip);
    for (Server server : testbed.servers()) {
      Count count = lb.counters().backend(tunnel.backend(server)).orElseThrow();
      assertThat(count.packets()).isGreaterThan(length / MTU);
      assertThat(count.bytes()).isBetween((long) length, 2L * length);
    }
    // the replies have as many bytes, but bypass the balancer
    assertThat(lb.counters().passed().bytes()).isLessThan(length / 10);
  }

  /** Waits until the servers have decapsulated exactly the packets that the balancer sent. */
  private void assertCounted(TunnelCase tunnel, Vip vip) {
    await()
        .atMost(Client.PATIENCE)
        .untilAsserted(() -> {
          Counters counters = lb.counters();
          for (Server server : testbed.servers()) {
            Count decapsulated = server.decapsulator().decapsulated(tunnel.kind());
            assertThat(counters.backend(tunnel.backend(server))).contains(decapsulated);
            assertThat(decapsulated).isEqualTo(server.decapsulator().decapsulated());
          }
          assertThat(counters.vip(vip))
              .contains(
                  vip.backends().stream()
                      .flatMap(backend -> counters.backend(backend).stream())
                      .reduce(Count.ZERO, Count::plus));
          assertThat(counters.sent().packets())
              .isEqualTo(counters.vip(vip).orElseThrow().packets());
          assertThat(counters.dropped()).isEqualTo(Count.ZERO);
        });
  }
}
