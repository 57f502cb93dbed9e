package dev.katran.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.ffm.net.Prefix;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostOptionsTest {

  @Test
  void anAddressReplacesThatOfItsFamily() {
    HostOptions options =
        HostOptions.DEFAULT.mtu(1600).address("198.51.100.7/24").address("2001:db8::7/64");

    assertThat(options)
        .isEqualTo(
            new HostOptions(1600, Prefix.parse("198.51.100.7/24"), Prefix.parse("2001:db8::7/64")));
    assertThat(options.address("198.51.100.8/24").ipv4()).hasToString("198.51.100.8/24");
  }

  @ParameterizedTest
  @CsvSource({"198.51.100.1/24", "198.51.100.129/25", "2001:db8::1/64"})
  void theRoutersAddressIsRefused(String address) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HostOptions.DEFAULT.address(address))
        .withMessage("host address " + Prefix.parse(address) + " is the router's");
  }

  @Test
  void anAddressOfTheOtherFamilyIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HostOptions(1500, Prefix.parse("fc00::2/64"), null))
        .withMessage("host address fc00:0:0:0:0:0:0:2/64 is not an IPv4 address");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new HostOptions(1500, null, Prefix.parse("10.0.1.2/24")))
        .withMessage("host address 10.0.1.2/24 is not an IPv6 address");
  }
}
