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

/** Flows that are remembered, and what makes them go elsewhere than the ring says. */
@NeedsKernel
class TrackedFlowsIT {

  private static final int CLIENT_PORT = 40_000;

  private Site site;
  private LoadBalancer lb;
  private List<Backend> backends;

  @BeforeEach
  void open() throws Exception {
    site = Site.of(3, host -> Service.saying(host.name()), AttachMode.AUTOMATIC);
    lb = site.open();
    backends = site.servers().stream().map(server -> Backend.of(server.host().ipv4())).toList();
  }

  @AfterEach
  void close() {
    lb.close();
    site.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {Site.VIP_IPV4, Site.VIP_IPV6})
  void aUdpFlowStaysWithADrainingBackendUntilThatIsDown(String address) throws Exception {
    Vip vip =
        Vip.udp(address, Site.PORT)
            .tracking(Tracking.ALWAYS)
            .udpFlowMigration()
            .backends(backends)
            .build();
    lb.put(vip);
    String first = ask(vip, CLIENT_PORT);
    Backend backend = backendOf(first);

    lb.put(vip.draining(backend.address()));
    assertThat(ask(vip, CLIENT_PORT)).isEqualTo(first);

    lb.downBackends().add(vip.key(), backend.address());
    String second = ask(vip, CLIENT_PORT);
    assertThat(second).isNotEqualTo(first);
    assertThat(ask(vip, CLIENT_PORT)).isEqualTo(second);
    assertThat(lb.counters().udpFlowMigrations()).isEqualTo(1);
  }

  @Test
  void whatIsRememberedCanBeSeenAndForgotten() throws Exception {
    Vip vip =
        Vip.udp(Site.VIP_IPV4, Site.PORT).tracking(Tracking.ALWAYS).backends(backends).build();
    lb.put(vip);
    String answer = ask(vip, CLIENT_PORT);

    InetSocketAddress target = Site.target(vip);
    InetSocketAddress source = site.client().source(target, CLIENT_PORT);
    TrackedFlow flow = lb.flows().find(Site.flow(source, target, Protocol.UDP)).orElseThrow();
    assertThat(flow.backend()).isEqualTo(backendOf(answer).address());
    assertThat(flow.idle()).isLessThan(Client.PATIENCE);
    assertThat(lb.flows().report(Duration.ZERO).entries()).isEqualTo(1);
    assertThat(lb.flows().purge(vip.key())).isEqualTo(1);
    assertThat(lb.flows().report(Duration.ZERO).entries()).isZero();
  }

  @ParameterizedTest
  @ValueSource(strings = {Site.VIP_IPV4, Site.VIP_IPV6})
  void clientsOfARoutedPrefixGoToItsBackend(String address) throws Exception {
    Vip vip = Vip.udp(address, Site.PORT).sourceRouting().backends(backends).build();
    lb.put(vip);
    InetSocketAddress client = site.client().source(Site.target(vip), 0);
    int bits = 8 * client.getAddress().getAddress().length;
    for (Backend backend : backends) {
      lb.sourceRoutes().replace(Map.of(new Prefix(client.getAddress(), bits), backend));
      for (int port = CLIENT_PORT; port < CLIENT_PORT + 10; port++) {
        assertThat(backendOf(ask(vip, port))).isEqualTo(backend);
      }
    }
    assertThat(lb.counters().sourceRouting().hits()).isEqualTo(10L * backends.size());
    assertThat(lb.counters().sourceRouting().misses()).isZero();
  }

  private String ask(Vip vip, int port) throws Exception {
    InetSocketAddress target = Site.target(vip);
    InetSocketAddress source = site.client().source(target, port);
    return new String(site.client().udp(source, target, new byte[] {'?'}), StandardCharsets.UTF_8);
  }

  private Backend backendOf(String name) {
    for (int i = 0; i < backends.size(); i++) {
      if (site.servers().get(i).host().name().equals(name)) {
        return backends.get(i);
      }
    }
    throw new AssertionError(name + " is no server");
  }
}
