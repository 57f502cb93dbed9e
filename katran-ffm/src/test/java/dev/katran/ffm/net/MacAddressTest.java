package dev.katran.ffm.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class MacAddressTest {

  @Test
  void parse_usualNotation_roundTrips() {
    MacAddress mac = MacAddress.parse("02:00:5e:10:ff:01");

    assertThat(mac).hasToString("02:00:5e:10:ff:01");
    assertThat(mac.bits()).isEqualTo(0x02005e10ff01L);
    assertThat(mac.toBytes()).containsExactly(0x02, 0x00, 0x5e, 0x10, 0xff, 0x01);
    assertThat(MacAddress.of(mac.toBytes())).isEqualTo(mac);
    assertThat(MacAddress.parse("02:00:5E:10:FF:01")).isEqualTo(mac);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "02:00:5e:10:ff", "02:00:5e:10:ff:01:02", "02-00-5e-10-ff-01", "0g:0:0:0:0:0"})
  void parse_otherNotation_throws(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MacAddress.parse(text))
        .withMessage("MAC address \"" + text + "\", must have the form 02:00:5e:10:00:01");
  }

  @Test
  void create_wrongLength_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MacAddress.of(new byte[] {10, 0, 0, 1}))
        .withMessage("MAC address [0a:00:00:01] of 4 bytes, must have 6");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MacAddress(1L << 48))
        .withMessage("MAC address 0x1000000000000, must have at most 48 bits");
  }

  @ParameterizedTest
  @CsvSource({
    "ff:ff:ff:ff:ff:ff, true",
    "01:00:5e:00:00:01, true",
    "02:00:5e:00:00:01, false",
  })
  void isMulticast_dependsOnTheGroupBit(String address, boolean multicast) {
    assertThat(MacAddress.parse(address).isMulticast()).isEqualTo(multicast);
  }

  @Test
  void broadcast_isMulticast() {
    assertThat(MacAddress.BROADCAST).hasToString("ff:ff:ff:ff:ff:ff");
    assertThat(MacAddress.BROADCAST.isMulticast()).isTrue();
  }

  @Test
  void toBytes_modifiedArray_doesNotChangeTheAddress() {
    MacAddress mac = new MacAddress(1);
    mac.toBytes()[0] = 7;

    assertThat(mac.toBytes()).containsExactly(0, 0, 0, 0, 0, 1);
  }
}
