package dev.katran.internal.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MacAddressTest {

  @ParameterizedTest
  @CsvSource({
    "02:00:5e:10:00:01, 2200601362433",
    "00:00:00:00:00:00, 0",
    "00:00:00:00:00:01, 1",
    "ff:ff:ff:ff:ff:ff, 281474976710655",
    "80:00:00:00:00:00, 140737488355328"
  })
  void parse_text_isTheBits(String text, long bits) {
    assertThat(MacAddress.parse(text)).isEqualTo(new MacAddress(bits)).hasToString(text);
  }

  @Test
  void parse_upperCase_isTheSameAddress() {
    assertThat(MacAddress.parse("AB:CD:EF:01:23:45"))
        .isEqualTo(MacAddress.parse("ab:cd:ef:01:23:45"))
        .hasToString("ab:cd:ef:01:23:45");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "02:00:5e:10:00",
        "02:00:5e:10:00:01:02",
        "2:0:5e:10:0:1",
        "02-00-5e-10-00-01",
        "02005e100001",
        "02:00:5e:10:00:0g",
        " 02:00:5e:10:00:01",
        "02:00:5e:10:00:01 ",
        "02:00:5e:10:00:01\n",
        "02:00:5e:10:00:"
      })
  void parse_otherForm_throws(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MacAddress.parse(text))
        .withMessage("MAC address \"%s\" is not of the form 02:00:5e:10:00:01", text);
  }

  @Test
  void toBytes_isInNetworkOrder() {
    assertThat(MacAddress.parse("f2:00:5e:10:80:01").toBytes())
        .hasSize(MacAddress.LENGTH)
        .containsExactly(0xf2, 0x00, 0x5e, 0x10, 0x80, 0x01);
  }
}
