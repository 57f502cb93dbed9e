package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PrefixTest {

  private static final InetAddress HOST = InetAddresses.forString("192.0.2.255");

  @ParameterizedTest
  @CsvSource({
    "192.0.2.255, 24, 192.0.2.0/24",
    "192.0.2.255, 25, 192.0.2.128/25",
    "192.0.2.255, 0, 0.0.0.0/0",
    "192.0.2.255, 32, 192.0.2.255/32",
    "2001:db8:ffff::1, 33, 2001:db8:8000::/33",
    "2001:db8::1, 128, 2001:db8::1/128"
  })
  void around_clearsBitsBeyondTheLength(String address, int length, String prefix) {
    assertThat(Prefix.around(InetAddresses.forString(address), length)).hasToString(prefix);
  }

  @ParameterizedTest
  @ValueSource(ints = {Integer.MIN_VALUE, -1, 33, Integer.MAX_VALUE})
  void around_lengthOutOfRange_throws(int length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Prefix.around(HOST, length))
        .withMessage("prefix length %d of 192.0.2.255 is not in 0..32".formatted(length));
  }

  @Test
  void of_bitsBeyondTheLength_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Prefix.of("192.0.2.255/24"))
        .withMessage("prefix 192.0.2.255/24 has bits beyond its length");
  }
}
