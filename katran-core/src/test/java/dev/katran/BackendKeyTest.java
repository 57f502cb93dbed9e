package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BackendKeyTest {

  private static final InetAddress ADDRESS = InetAddresses.forString("10.0.0.11");

  @Test
  void of_literal_equalsOfAddress() {
    BackendKey key = BackendKey.of("10.0.0.11");

    assertThat(key).isEqualTo(BackendKey.of(ADDRESS)).hasSameHashCodeAs(BackendKey.of(ADDRESS));
    assertThat(key.address()).isEqualTo(ADDRESS);
    assertThat(key.port()).isZero();
    assertThat(key)
        .isNotEqualTo(BackendKey.of("10.0.0.12"))
        .isNotEqualTo(BackendKey.of("10.0.0.11", 80));
  }

  @Test
  void key_otherSettings_isTheSame() {
    Backend backend = Backend.of("10.0.0.11");
    BackendKey key = BackendKey.of("10.0.0.11");

    assertThat(backend.key()).isEqualTo(key);
    assertThat(backend.weight(7).draining(true).via(Forwarding.gue()).local(true).key())
        .isEqualTo(key);
    assertThat(Backend.of(key)).isEqualTo(backend);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.11, 10.0.0.11",
    "fc00:0:0:0:0:0:0:11, fc00::11",
    "FC00::A, fc00::a",
    "2001:db8:0:0:1:0:0:1, 2001:db8::1:0:0:1"
  })
  void toString_anyLiteral_isTheShortForm(String literal, String text) {
    assertThat(BackendKey.of(literal)).hasToString(text);
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.11, 0, 10.0.0.11",
    "10.0.0.11, 8080, 10.0.0.11:8080",
    "fc00::11, 0, fc00::11",
    "fc00:0::11, 65535, [fc00::11]:65535"
  })
  void parse_text_isInverseToToString(String address, int port, String text) {
    BackendKey key = BackendKey.of(address, port);

    assertThat(key).hasToString(text);
    assertThat(BackendKey.parse(text)).isEqualTo(key).hasSameHashCodeAs(key);
    assertThat(key.port()).isEqualTo(port);
    assertThat(key).isEqualTo(BackendKey.of(InetAddresses.forString(address), port));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "10.0.0.11:", "10.0.0.11:0", "10.0.0.11:080", "10.0.0.11:65536", "10.0.0.11:-1",
        "10.0.0.11:80:80", "[10.0.0.11]:80", "[fc00::1]", "[fc00::1]:", "[fc00::1]:*",
        "web1.example:80", ":80", " 10.0.0.11:80", "10.0.0.11:80 ", "[fe80::1%eth0]:80"
      })
  void parse_otherText_throws(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BackendKey.parse(text))
        .withMessageContaining("backend ");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65536})
  void of_portOutOfRange_throws(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BackendKey.of("10.0.0.11", port))
        .withMessage("port of backend 10.0.0.11 %d is not in 0..65535", port);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Backend.of("10.0.0.11").port(port))
        .withMessage("port of backend 10.0.0.11 %d is not in 0..65535", port);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "web1.example",
        "10.0.0.11:80",
        "10.0.0.0/8",
        "[fc00::1]",
        "fe80::1%eth0",
        "::ffff:10.0.0.1"
      })
  void of_notALiteral_throws(String literal) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BackendKey.of(literal))
        .withMessageStartingWith("backend \"%s\" ", literal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::", "224.0.0.1", "ff02::1"})
  void of_notUnicast_throws(String literal) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BackendKey.of(literal))
        .withMessageStartingWith("backend %s is ", literal);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BackendKey.of(InetAddresses.forString(literal)))
        .withMessageStartingWith("backend %s is ", literal);
  }
}
