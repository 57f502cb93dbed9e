package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.AttachMode;
import dev.katran.Backend;
import dev.katran.LoadBalancer;
import dev.katran.Prefix;
import dev.katran.Protocol;
import dev.katran.TrackedFlow;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.needs.NeedsKernel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks tracked flows and source routes, which override the ring. */
@NeedsKernel
class TrackedFlowsIT {

  private static final int CLIENT_PORT = 40_000;

  private Testbed testbed;
  private LoadBalancer lb;
  private List<Backend> backends;

  @BeforeEach
  void open() throws Exception {
    testbed = Testbed.of(3, host -> Service.replying(host.name()), AttachMode.AUTOMATIC);
    lb = testbed.open();
    backends = testbed.servers().stream().map(server -> Backend.of(server.host().ipv4())).toList();
  }

  @AfterEach
  void close() {
    lb.close();
    testbed.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void forward_backendDrainingThenDown_keepsThenMigratesUdpFlow(String address) throws Exception {
    Vip vip =
        Vip.udp(address, Testbed.PORT)
            .tracking(Tracking.ALWAYS)
            .udpFlowMigration(true)
            .backends(backends)
            .build();
    lb.put(vip);
    String first = send(vip, CLIENT_PORT);
    Backend backend = backendOf(first);

    lb.put(vip.draining(backend.key()));
    assertThat(send(vip, CLIENT_PORT)).isEqualTo(first);

    lb.downBackends().add(vip.key(), backend.key());
    String second = send(vip, CLIENT_PORT);
    assertThat(second).isNotEqualTo(first);
    assertThat(send(vip, CLIENT_PORT)).isEqualTo(second);
    assertThat(lb.counters().udpFlowMigrations()).isEqualTo(1);
  }

  @Test
  void flows_afterOnePacket_findsAndPurgesIt() throws Exception {
    Vip vip =
        Vip.udp(Testbed.VIP_IPV4, Testbed.PORT)
            .tracking(Tracking.ALWAYS)
            .backends(backends)
            .build();
    lb.put(vip);
    String reply = send(vip, CLIENT_PORT);

    InetSocketAddress target = Testbed.target(vip);
    InetSocketAddress source = testbed.client().source(target, CLIENT_PORT);
    TrackedFlow flow = lb.flows().find(Testbed.flow(source, target, Protocol.UDP)).orElseThrow();
    assertThat(flow.backend()).isEqualTo(backendOf(reply).key());
    assertThat(flow.idle()).isLessThan(Client.PATIENCE);
    assertThat(lb.flows().report(Duration.ZERO).entries()).isEqualTo(1);
    assertThat(lb.flows().purge(vip.key())).isEqualTo(1);
    assertThat(lb.flows().report(Duration.ZERO).entries()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void forward_sourceRouteMatches_usesItsBackend(String address) throws Exception {
    Vip vip = Vip.udp(address, Testbed.PORT).sourceRouting(true).backends(backends).build();
    lb.put(vip);
    InetSocketAddress client = testbed.client().source(Testbed.target(vip), 0);
    int bits = 8 * client.getAddress().getAddress().length;
    for (Backend backend : backends) {
      lb.sourceRoutes().replace(Map.of(new Prefix(client.getAddress(), bits), backend));
      for (int port = CLIENT_PORT; port < CLIENT_PORT + 10; port++) {
        assertThat(backendOf(send(vip, port))).isEqualTo(backend);
      }
    }
    assertThat(lb.counters().sourceRouting().hits()).isEqualTo(10L * backends.size());
    assertThat(lb.counters().sourceRouting().misses()).isZero();
  }

  private String send(Vip vip, int port) throws Exception {
    InetSocketAddress target = Testbed.target(vip);
    InetSocketAddress source = testbed.client().source(target, port);
    return new String(
        testbed.client().udp(source, target, new byte[] {'?'}), StandardCharsets.UTF_8);
  }

  private Backend backendOf(String name) {
    for (int i = 0; i < backends.size(); i++) {
      if (testbed.servers().get(i).host().name().equals(name)) {
        return backends.get(i);
      }
    }
    throw new AssertionError("unknown server " + name);
  }
}
