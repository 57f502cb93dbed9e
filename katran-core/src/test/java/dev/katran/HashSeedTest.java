package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@link Limits#hashSeed} is an input of the flow hash; {@link Limits#vips} is only a capacity. */
class HashSeedTest {

  private static final Limits LIMITS = Limits.defaults().ringSize(4099).flowTableSize(1024);
  private static final List<Backend> BACKENDS =
      List.of(Backend.of("10.0.0.1"), Backend.of("10.0.0.2"), Backend.of("fc00::3"));
  private static final int FLOWS = 100;

  /** The slots of the golden flows, which the C++ Katran computes with its default of 512 VIPs. */
  @ParameterizedTest
  @CsvSource({
    "192.168.1.1, 31337, 80, 48717",
    "172.16.0.1, 31337, 80, 43349",
    "10.0.0.1, 0, 0, 54401",
    "255.255.255.255, 65535, 65535, 43745",
    "203.0.113.7, 49152, 443, 24023",
    "fc00:2::1, 31337, 80, 37505",
    "2001:db8::1, 49152, 443, 59417",
    "::, 0, 0, 45014"
  })
  void slot_defaultLimits_isTheGoldenSlot(
      String source, int sourcePort, int destinationPort, int slot) {
    Flow flow = Flow.tcp(source, sourcePort, source, destinationPort);

    assertThat(Ring.of(List.of()).slot(flow)).isEqualTo(slot);
    assertThat(slot(Limits.defaults().vips(1), flow)).isEqualTo(slot);
    assertThat(slot(Limits.defaults().vips(65536), flow)).isEqualTo(slot);
    assertThat(slot(Limits.defaults().hashSeed(512), flow)).isEqualTo(slot);
    assertThat(slot(Limits.defaults().hashSeed(513), flow)).isNotEqualTo(slot);
  }

  private static int slot(Limits limits, Flow flow) {
    return Ring.of(limits, RingAlgorithm.MAGLEV_V2, List.of()).slot(flow);
  }

  abstract static class Contract {

    abstract LoadBalancerBuilder balancer();

    /** Returns the backends of many flows, after checking that packets go where routes do. */
    private List<InetAddress> backends(Limits limits) {
      List<InetAddress> backends = new ArrayList<>();
      try (LoadBalancer lb = balancer().limits(limits).open()) {
        lb.put(Vip.tcp("203.0.113.10", 443).backends(BACKENDS).build());
        lb.put(Vip.tcp("2001:db8::10", 443).backends(BACKENDS).build());
        for (int port = 1; port <= FLOWS; port++) {
          backends.add(backend(lb, "198.51.100.7", port, "203.0.113.10"));
          backends.add(backend(lb, "2001:db8:7::7", port, "2001:db8::10"));
        }
      }
      return backends;
    }

    private static InetAddress backend(LoadBalancer lb, String client, int port, String vip) {
      byte[] frame = Packet.tcp(client, port, vip, 443).frame();
      InetAddress destination = Encapsulated.read(lb.simulate(frame).frame()).destination();
      assertThat(lb.route(Flow.tcp(client, port, vip, 443)).backend().map(Backend::address))
          .contains(destination);
      return destination;
    }

    @Test
    void route_moreVips_isTheSame() {
      List<InetAddress> backends = backends(LIMITS);

      assertThat(backends)
          .contains(BACKENDS.stream().map(Backend::address).toArray(InetAddress[]::new));
      assertThat(backends(LIMITS.vips(2))).isEqualTo(backends);
      assertThat(backends(LIMITS.vips(2048))).isEqualTo(backends);
      assertThat(backends(LIMITS.backends(64).serverIds(8).sourceRoutes(8))).isEqualTo(backends);
    }

    @Test
    void route_otherHashSeed_movesMostFlows() {
      List<InetAddress> backends = backends(LIMITS);
      List<InetAddress> moved = backends(LIMITS.hashSeed(1024));

      int different = 0;
      for (int i = 0; i < backends.size(); i++) {
        different += backends.get(i).equals(moved.get(i)) ? 0 : 1;
      }
      assertThat(different).isGreaterThan(FLOWS).isLessThan(2 * FLOWS);
      assertThat(backends(LIMITS.hashSeed(1024).vips(1024))).isEqualTo(moved);
    }
  }

  @Nested
  class InJava extends Contract {
    @Override
    LoadBalancerBuilder balancer() {
      return LoadBalancer.inMemory();
    }
  }

  @Nested
  @NeedsKernel
  class InTheKernel extends Contract {
    @Override
    LoadBalancerBuilder balancer() {
      return LoadBalancer.detached();
    }
  }
}
