package dev.katran.ffm.net;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetAddress;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AddressesTest {

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.1",
    "::, ::",
    "::1, ::1",
    "2001:db8::, 2001:db8::",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1, 2001:db8:0:1:1:1:1:1",
    "2001:0:0:1:0:0:0:1, 2001:0:0:1::1",
    "2001:DB8:0AAA::10, 2001:db8:aaa::10"
  })
  void format_address_isTheRecommendedText(String literal, String text) {
    assertThat(Addresses.format(InetAddress.ofLiteral(literal))).isEqualTo(text);
  }
}
