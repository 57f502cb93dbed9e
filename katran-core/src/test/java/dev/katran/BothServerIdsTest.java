package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Hex;
import dev.katran.packets.Packet;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** A VIP with both {@link Vip.Builder#quic} and {@link Vip.Builder#udpStableRouting}. */
class BothServerIdsTest {

  /** A QUIC short header with a version 1 connection id: server id 1022. */
  private static final String QUIC_1022 = "40" + "40ff800000000000";

  /** As {@link #QUIC_1022}, with a server id that is not in the table. */
  private static final String QUIC_UNKNOWN = "40" + "4000400000000000";

  /**
   * A stable routing header with server id 1023. As QUIC it is a short header whose connection id
   * has a version without a server id.
   */
  private static final String STABLE_1023 = "52" + "0003ff" + "00000000" + "00";

  /** A stable routing header that as QUIC carries server id 1022. */
  private static final String QUIC_1022_OR_STABLE = "52" + "40ff800000000000";

  /** A QUIC Initial, whose connection id the client made up. */
  private static final String INITIAL = "c0" + "0000000108" + "40ff800000000000";

  abstract static class Contract {

    private LoadBalancer balancer;

    abstract LoadBalancerBuilder balancer();

    @BeforeEach
    void open() {
      balancer = balancer().open();
      balancer.put(
          Vip.udp("203.0.113.10", 443)
              .backends(Backend.of("10.0.0.1"))
              .quic(true)
              .udpStableRouting(true)
              .build());
      balancer
          .serverIds()
          .putAll(Map.of(1022, Backend.of("10.0.0.2"), 1023, Backend.of("10.0.0.3")));
    }

    @AfterEach
    void close() {
      balancer.close();
    }

    private String backendOf(String payload) {
      Packet packet = Packet.udp("198.51.100.7", 4000, "203.0.113.10", 443);
      Simulation simulation = balancer.simulate(packet.payload(Hex.decode(payload)).frame());
      assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
      return InetAddresses.toAddrString(Encapsulated.read(simulation.frame()).destination());
    }

    @Test
    void simulate_quicIdKnown_routesByQuicId() {
      assertThat(backendOf(QUIC_1022)).isEqualTo("10.0.0.2");
      assertThat(backendOf(QUIC_1022_OR_STABLE)).isEqualTo("10.0.0.2");
    }

    @Test
    void simulate_quicIdNamesNoBackend_routesByStableRoutingHeader() {
      assertThat(backendOf(STABLE_1023)).isEqualTo("10.0.0.3");
    }

    @Test
    void simulate_noKnownServerId_routesByRing() {
      assertThat(backendOf(QUIC_UNKNOWN)).isEqualTo("10.0.0.1");
      assertThat(backendOf(INITIAL)).isEqualTo("10.0.0.1");
      assertThat(backendOf("00")).isEqualTo("10.0.0.1");
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
