package dev.katran.internal.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.Backend;
import dev.katran.Flow;
import dev.katran.LoadBalancer;
import dev.katran.Vip;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Accepted and rejected addresses, in {@link Addresses} and in every part of the API. */
class AddressesTest {

  @ParameterizedTest
  @ValueSource(
      strings = {"10.0.0.1", "255.255.255.254", "169.254.0.7", "fc00::1", "::1.2.3.4", "1::"})
  void parseUnicast_literal_isAccepted(String literal) {
    assertThat(Addresses.parseUnicast("backend", literal).isAnyLocalAddress()).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "localhost",
        "web1.example.com",
        "10.0.0",
        "10.0.0.256",
        "10.0.0.1 ",
        "010.0.0.1",
        "167772161",
        "10.0.0.1:80",
        "10.0.0.0/8",
        "fc00::1::2",
        "[fc00::1]",
        "fc00::g",
        "\uff11\uff10.0.0.1", // full-width digits
        "fc00::\uff11",
        "10.0.0.\u0661" // an Arabic digit
      })
  void parse_notALiteral_throwsWithoutLookup(String literal) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Backend.of(literal))
        .withMessage(
            "backend \"%s\" is not an IPv4 or IPv6 address literal; names are not looked up",
            literal);
  }

  @Test
  void parse_zone_throws() throws UnknownHostException {
    String message =
        "backend \"%s\" has a zone: only addresses that mean the same on every interface can be"
            + " used";
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Backend.of("fe80::1%eth0"))
        .withMessage(message, "fe80::1%eth0");

    byte[] linkLocal = InetAddress.getByName("fe80::1").getAddress();
    Inet6Address scoped = Inet6Address.getByAddress(null, linkLocal, 2);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Backend.of(scoped))
        .withMessage(message, scoped.getHostAddress());
  }

  @ParameterizedTest
  @ValueSource(strings = {"::ffff:1.2.3.4", "::ffff:102:304", "0:0:0:0:0:FFFF:1.2.3.4"})
  void parse_ipv4Mapped_throws(String literal) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Backend.of(literal))
        .withMessage("backend \"%s\" is an IPv4-mapped IPv6 address: write it as IPv4", literal);
  }

  @Test
  void check_ipv4Mapped_throws() throws UnknownHostException {
    byte[] bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 1, 2, 3, 4};
    Inet6Address mapped = Inet6Address.getByAddress(null, bytes, -1);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> Backend.of(mapped))
        .withMessage(
            "backend \"%s\" is an IPv4-mapped IPv6 address: write it as IPv4",
            mapped.getHostAddress());
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "::"})
  void checkUnicast_unspecified_throws(String literal) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Backend.of(literal))
        .withMessage("backend %s is the unspecified address", literal);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.tcp(literal, 443))
        .withMessage("VIP %s is the unspecified address", literal);
  }

  @ParameterizedTest
  @ValueSource(strings = {"224.0.0.1", "239.255.255.255", "ff02::1"})
  void checkUnicast_multicast_throws(String literal) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Backend.of(literal))
        .withMessage("backend %s is a multicast address", literal);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.udp(literal))
        .withMessage("VIP %s is a multicast address", literal);
  }

  @ParameterizedTest
  @CsvSource({
    "127.0.0.1,       a loopback address",
    "127.255.0.1,     a loopback address",
    "::1,             a loopback address",
    "255.255.255.255, the broadcast address",
    "fe80::1,         a link-local address",
    "febf::1,         a link-local address",
  })
  void checkUnicast_addressOfNoOtherHost_throws(String literal, String reason) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Backend.of(literal))
        .withMessageStartingWith("backend %s is %s", literal, reason);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.tcp(literal, 443))
        .withMessageStartingWith("VIP %s is %s", literal, reason);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LoadBalancer.inMemory().sourceAddress(literal))
        .withMessageStartingWith("source %s is %s", literal, reason);
  }

  @ParameterizedTest
  @ValueSource(strings = {"example.com", "fe80::1%1", "::ffff:1.2.3.4"})
  void parse_invalidLiteral_namesItsUse(String literal) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.tcp(literal, 443))
        .withMessageStartingWith("VIP \"%s\" ", literal);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Flow.tcp(literal, 1, "10.0.0.1", 2))
        .withMessageStartingWith("source \"%s\" ", literal);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Flow.udp("10.0.0.1", 1, literal, 2))
        .withMessageStartingWith("destination \"%s\" ", literal);
    Vip vip = Vip.tcp("203.0.113.10").build();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> vip.draining(literal))
        .withMessageStartingWith("backend \"%s\" ", literal);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> vip.without(literal))
        .withMessageStartingWith("backend \"%s\" ", literal);
  }
}
