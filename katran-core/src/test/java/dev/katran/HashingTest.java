package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HashingTest {

  private static final Flow FLOW = Flow.tcp("198.51.100.7", 49152, "203.0.113.10", 443);

  @ParameterizedTest
  @CsvSource({
    "FLOW, 0",
    "SOURCE_ADDRESS, 1",
    "DESTINATION_PORT, 2",
    "BOTH_PORTS, 4",
    "SOURCE_ADDRESS_AND_DESTINATION_PORT, 5"
  })
  void hasTheFlagsOfTheDatapath(Hashing hashing, int flags) {
    assertThat(hashing.flags()).isEqualTo(flags);
  }

  @ParameterizedTest
  @CsvSource({
    "FLOW, 198.51.100.7, 49152, 443, 0",
    "SOURCE_ADDRESS, 198.51.100.7, 0, 443, 0",
    "DESTINATION_PORT, 0.0.0.0, 443, 443, 443",
    "BOTH_PORTS, 198.51.100.7, 49152, 443, 443",
    "SOURCE_ADDRESS_AND_DESTINATION_PORT, 198.51.100.7, 0, 443, 443"
  })
  void setsWhatIsNotHashedTo0(
      Hashing hashing, String source, int sourcePort, int ofOnePort, int ofEveryPort) {
    assertThat(hashing.hashed(FLOW, true))
        .isEqualTo(Flow.tcp(source, sourcePort, "203.0.113.10", ofOnePort));
    assertThat(hashing.hashed(FLOW, false))
        .isEqualTo(Flow.tcp(source, sourcePort, "203.0.113.10", ofEveryPort));
  }

  @Test
  void anIpv6SourceThatIsNotHashedStaysIpv6() {
    Flow flow = Flow.udp("fc00:2::1", 49152, "fc00:1::1", 443);

    assertThat(Hashing.DESTINATION_PORT.hashed(flow, false))
        .isEqualTo(Flow.udp("::", 443, "fc00:1::1", 443));
  }
}
