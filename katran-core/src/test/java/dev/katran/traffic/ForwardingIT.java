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

/** Whatever the families, what a client sends reaches a backend, which answers it directly. */
@NeedsKernel
class ForwardingIT {

  private static final int MTU = 1500;

  private Site site;
  private LoadBalancer lb;

  @BeforeEach
  void open() throws Exception {
    site = Site.of(3, Service.ECHO);
    lb = site.open();
  }

  @AfterEach
  void close() {
    lb.close();
    site.close();
  }

  @ParameterizedTest
  @EnumSource
  void datagramsUpToTheMtuComeBackIntact(Tunnel tunnel) throws Exception {
    Vip vip = tunnel.vip(site, Protocol.UDP);
    lb.put(vip);
    List<Integer> lengths = List.of(1, 100, tunnel.longestDatagram(MTU));
    for (Backend backend : vip.backends()) {
      InetSocketAddress source = site.sourceFor(lb, vip, backend);
      for (int length : lengths) {
        byte[] sent = Service.content(length);
        assertThat(site.client().udp(source, Site.target(vip), sent)).isEqualTo(sent);
      }
    }

    long bytes = lengths.stream().mapToLong(tunnel::countedBytes).sum();
    assertCounted(tunnel, vip);
    for (Server server : site.servers()) {
      assertThat(server.datagrams()).isEqualTo(lengths.size());
      assertThat(lb.counters().backend(tunnel.backend(server)))
          .isEqualTo(new Count(lengths.size(), bytes));
    }
  }

  @ParameterizedTest
  @EnumSource
  void connectionsCarryBytesBothWays(Tunnel tunnel) throws Exception {
    Vip vip = tunnel.vip(site, Protocol.TCP);
    lb.put(vip);
    int length = 300_000;
    byte[] sent = Service.content(length);
    for (Backend backend : vip.backends()) {
      InetSocketAddress source = site.sourceFor(lb, vip, backend);
      assertThat(site.client().tcp(source, Site.target(vip), sent)).isEqualTo(sent);
    }

    assertCounted(tunnel, vip);
    for (Server server : site.servers()) {
      Count count = lb.counters().backend(tunnel.backend(server));
      assertThat(count.packets()).isGreaterThan(length / MTU);
      assertThat(count.bytes()).isBetween((long) length, 2L * length);
    }
    // the answers are as many bytes, and did not come this way
    assertThat(lb.counters().passed().bytes()).isLessThan(length / 10);
  }

  /** What the balancer sent is what the servers' hosts took the encapsulation off, all of it. */
  private void assertCounted(Tunnel tunnel, Vip vip) {
    await()
        .atMost(Client.PATIENCE)
        .untilAsserted(() -> {
          Counters counters = lb.counters();
          for (Server server : site.servers()) {
            Count decapsulated = server.decapsulator().decapsulated(tunnel.kind());
            assertThat(decapsulated).isEqualTo(counters.backend(tunnel.backend(server)));
            assertThat(decapsulated).isEqualTo(server.decapsulator().decapsulated());
          }
          assertThat(counters.vip(vip))
              .isEqualTo(
                  vip.backends().stream().map(counters::backend).reduce(Count.ZERO, Count::plus));
          assertThat(counters.sent().packets()).isEqualTo(counters.vip(vip).packets());
          assertThat(counters.dropped()).isEqualTo(Count.ZERO);
        });
  }
}
