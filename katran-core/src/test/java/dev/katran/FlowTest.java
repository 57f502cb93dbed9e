package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlowTest {

  @Test
  void udp_literals_hasTheGivenParts() {
    Flow flow = Flow.udp("fc00:2::1", 49152, "fc00:1::1", 443);

    assertThat(flow)
        .isEqualTo(
            new Flow(
                InetAddresses.forString("fc00:2::1"),
                49152,
                InetAddresses.forString("fc00:1::1"),
                443,
                Protocol.UDP));
    assertThat(Flow.tcp("fc00:2::1", 49152, "fc00:1::1", 443)).isNotEqualTo(flow);
  }

  @Test
  void toString_readsFromSourceToDestination() {
    assertThat(Flow.tcp("198.51.100.7", 49152, "203.0.113.10", 443))
        .hasToString("tcp 198.51.100.7:49152 -> 203.0.113.10:443");
    assertThat(Flow.udp("fc00:2::1", 0, "fc00:1::1", 65535))
        .hasToString("udp [fc00:2::1]:0 -> [fc00:1::1]:65535");
  }

  @Test
  void tcp_addressesOfDifferentFamilies_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Flow.tcp("198.51.100.7", 49152, "fc00::1", 443))
        .withMessage("source 198.51.100.7 and destination fc00::1 are of different families");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65536})
  void tcp_portOutOfRange_throws(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Flow.tcp("198.51.100.7", port, "203.0.113.10", 443))
        .withMessage("source port %d is not in 0..65535", port);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Flow.tcp("198.51.100.7", 49152, "203.0.113.10", port))
        .withMessage("destination port %d is not in 0..65535", port);
  }
}
