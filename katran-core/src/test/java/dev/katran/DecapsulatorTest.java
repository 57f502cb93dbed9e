package dev.katran;

import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DecapsulatorTest {

  private final Decapsulator.Builder builder = Decapsulator.on("eth0");

  @Test
  void sources_none_namesHowToAcceptAll() {
    assertThatIllegalArgumentException()
        .isThrownBy(builder::sources)
        .withMessage(
            "sources are empty; leave them out for the default, or call anySource() to accept all");
  }

  @Test
  void vips_none_namesHowToAcceptAll() {
    assertThatIllegalArgumentException()
        .isThrownBy(builder::vips)
        .withMessage(
            "vips are empty; leave them out for the default, or call anyInnerDestination() to"
                + " accept all");
  }

  @Test
  void destinations_none_namesWhatToDo() {
    assertThatIllegalArgumentException()
        .isThrownBy(builder::destinations)
        .withMessage("destinations are empty; leave them out to accept all");
  }

  @ParameterizedTest
  @CsvSource({
    "balancer-1,       'prefix \"balancer-1\" is not'",
    "10.0.0.1/24,      prefix 10.0.0.1/24 has bits beyond its length",
    "10.0.0.0/33,      prefix length 33 of 10.0.0.0 is not in 0..32",
    "10.0.0.0/,        'prefix \"10.0.0.0/\" has no valid length'",
    "fe80::1%eth0,     has a zone",
    "::ffff:10.0.0.1,  is an IPv4-mapped IPv6 address",
  })
  void sourcesAndVips_invalidPrefix_areRefusedWithIt(String cidr, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.sources("172.16.0.0/16", cidr))
        .withMessageContaining(message);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.vips("203.0.113.10", cidr))
        .withMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65536})
  void guePort_outOfRange_isRefused(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> builder.guePort(port))
        .withMessage("GUE port " + port + " is not in 0..65535");
  }
}
