package dev.katran.ffm.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PrefixTest {

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3/24, 10.1.2.0/24",
    "10.1.2.3/0, 0.0.0.0/0",
    "10.1.2.255/30, 10.1.2.252/30",
    "10.1.2.3, 10.1.2.3/32",
    "fc00::7:8/64, fc00:0:0:0:0:0:0:0/64",
    "fc00::7:8/127, fc00:0:0:0:0:0:7:8/127",
    "fc00::7:8, fc00:0:0:0:0:0:7:8/128",
  })
  void itsNetworkHasNoOtherBits(String text, String network) {
    assertThat(Prefix.parse(text).network()).hasToString(network);
  }

  @Test
  void keepsTheAddressOfAnInterface() {
    assertThat(Prefix.parse("10.1.2.3/24"))
        .isEqualTo(new Prefix(InetAddress.ofLiteral("10.1.2.3"), 24));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/33, 'prefix 10.0.0.0/33: the length is from 0 to 32'",
    "fc00::/129, 'prefix fc00:0:0:0:0:0:0:0/129: the length is from 0 to 128'",
    "10.0.0.0/, no length after the slash",
    "10.0.0.0/x, no length after the slash",
    "localhost/8, localhost",
  })
  void refusesTheRest(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Prefix.parse(text))
        .withMessageContaining(text.substring(0, text.indexOf('/')))
        .withMessageContaining(message);
  }
}
