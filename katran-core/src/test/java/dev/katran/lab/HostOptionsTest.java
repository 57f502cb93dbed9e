package dev.katran.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.ffm.net.Cidr;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HostOptionsTest {

  @Test
  void address_sameFamily_replacesTheAddress() {
    HostOptions options =
        HostOptions.DEFAULT.mtu(1600).address("198.51.100.7/24").address("2001:db8::7/64");

    assertThat(options.mtu()).isEqualTo(1600);
    assertThat(options.ipv4()).contains("198.51.100.7/24");
    assertThat(options.ipv6()).contains("2001:db8::7/64");
    HostOptions changed = options.address("198.51.100.8/24");
    assertThat(changed.ipv4()).contains("198.51.100.8/24");
    assertThat(changed.ipv6()).isEqualTo(options.ipv6());
  }

  @ParameterizedTest
  @CsvSource({"198.51.100.1/24", "198.51.100.129/25", "2001:db8::1/64"})
  void address_routersAddress_throws(String address) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> HostOptions.DEFAULT.address(address))
        .withMessage("host address " + Cidr.parse(address) + " is the router's");
  }

  @Test
  void address_oneFamily_leavesTheOtherToTheLab() {
    HostOptions ipv4 = HostOptions.DEFAULT.address("10.0.1.2/24");
    assertThat(ipv4.ipv4()).contains("10.0.1.2/24");
    assertThat(ipv4.ipv6()).isEmpty();

    HostOptions ipv6 = HostOptions.DEFAULT.address("fc00::2/64");
    assertThat(ipv6.ipv4()).isEmpty();
    assertThat(ipv6.ipv6()).contains("fc00::2/64");
  }
}
