package dev.katran.ffm.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CidrTest {

  @ParameterizedTest
  @CsvSource({
    "10.1.2.3/24, 10.1.2.0/24",
    "10.1.2.3/0, 0.0.0.0/0",
    "10.1.2.255/30, 10.1.2.252/30",
    "10.1.2.3, 10.1.2.3/32",
    "fc00::7:8/64, fc00::/64",
    "fc00::7:8/127, fc00::7:8/127",
    "fc00::7:8, fc00::7:8/128",
  })
  void network_clearsHostBits(String text, String network) {
    assertThat(Cidr.parse(text).network()).hasToString(network);
  }

  @Test
  void parse_hostBitsSet_keepsThem() {
    assertThat(Cidr.parse("10.1.2.3/24"))
        .isEqualTo(new Cidr(InetAddress.ofLiteral("10.1.2.3"), 24));
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.0/33, 'prefix 10.0.0.0/33: the length must be 0 to 32'",
    "fc00::/129, 'prefix fc00::/129: the length must be 0 to 128'",
    "10.0.0.0/, the part after the slash must be a number",
    "10.0.0.0/x, the part after the slash must be a number",
    "localhost/8, localhost",
    "\uff11\uff10.0.0.0/8, digits must be ASCII",
    "10.0.0.0/\uff18, digits must be ASCII",
  })
  void parse_illegalText_throws(String text, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Cidr.parse(text))
        .withMessageContaining(text.substring(0, text.indexOf('/')))
        .withMessageContaining(message);
  }
}
