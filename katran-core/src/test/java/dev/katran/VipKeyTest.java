package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class VipKeyTest {

  private static final InetAddress IPV4 = InetAddresses.forString("203.0.113.10");
  private static final InetAddress IPV6 = InetAddresses.forString("2001:db8::10");
  private static final Prefix PREFIX4 = Prefix.of("203.0.113.0/24");
  private static final Prefix PREFIX6 = Prefix.of("2001:db8::/32");

  /** Keys and their text. */
  static Stream<Arguments> texts() {
    return Stream.of(
        Arguments.of(VipKey.tcp("203.0.113.10", 443), "tcp 203.0.113.10:443"),
        Arguments.of(VipKey.udp("203.0.113.10", 1), "udp 203.0.113.10:1"),
        Arguments.of(VipKey.tcp("203.0.113.10", 65535), "tcp 203.0.113.10:65535"),
        Arguments.of(VipKey.tcp("203.0.113.10"), "tcp 203.0.113.10:*"),
        Arguments.of(VipKey.udp("203.0.113.10"), "udp 203.0.113.10:*"),
        Arguments.of(VipKey.udp("2001:db8:0:0:0:0:0:53", 53), "udp [2001:db8::53]:53"),
        Arguments.of(VipKey.tcp("2001:DB8::53"), "tcp [2001:db8::53]:*"),
        Arguments.of(VipKey.tcp("203.0.113.0/24", 443), "tcp 203.0.113.0/24:443"),
        Arguments.of(VipKey.udp("203.0.113.0/24"), "udp 203.0.113.0/24:*"),
        Arguments.of(VipKey.tcp("2001:db8::/32", 443), "tcp [2001:db8::/32]:443"),
        Arguments.of(VipKey.udp("2001:db8:0:0::/32"), "udp [2001:db8::/32]:*"));
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("texts")
  void toString_anyKey_isTheText(VipKey key, String text) {
    assertThat(key).hasToString(text);
  }

  @ParameterizedTest(name = "{1}")
  @MethodSource("texts")
  void parse_text_isTheKey(VipKey key, String text) {
    assertThat(VipKey.parse(text)).isEqualTo(key).hasSameHashCodeAs(key).hasToString(text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "tcp",
        "tcp ",
        "203.0.113.10:443",
        "tcp 203.0.113.10",
        "tcp 203.0.113.10:0443",
        "tcp [203.0.113.10]:443",
        "tcp [203.0.113.0/24]:443",
        "tcp 203.0.113.10:",
        "tcp  203.0.113.10:443",
        " tcp 203.0.113.10:443",
        "tcp 203.0.113.10:443 ",
        "tcp 203.0.113.10:443\n",
        "TCP 203.0.113.10:443",
        "sctp 203.0.113.10:443",
        "tcp/203.0.113.10:443",
        "tcp 203.0.113.10 443",
        "tcp 203.0.113.10:-1",
        "tcp 203.0.113.10:+1",
        "tcp 203.0.113.10:https",
        "tcp 203.0.113.10:123456",
        "tcp 203.0.113.10:4*",
        "tcp 2001:db8::10:443",
        "tcp [2001:db8::10]",
        "tcp [2001:db8::10]443",
        "tcp [2001:db8::10:443",
        "tcp []:443",
        "tcp :443",
        "tcp [2001:db8::]/32:443",
        "tcp 203.0.113.10:443 [10.0.0.11]",
        "tcp 203.0.113.10 (every port)"
      })
  void parse_otherForm_throws(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VipKey.parse(text))
        .withMessage("VIP key \"%s\" is not of the form \"tcp 203.0.113.10:443\"", text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "tcp web.example:443",
        "tcp 203.0.113.256:443",
        "tcp 203.0.113:443",
        "tcp [2001:db8::g]:443",
        "tcp [fe80::1%eth0]:443",
        "tcp [::ffff:203.0.113.10]:443",
        "tcp 0.0.0.0:443",
        "tcp [::]:443",
        "tcp 224.0.0.1:443",
        "tcp [ff02::1]:443",
        "tcp 127.0.0.1:443",
        "tcp 127.0.0.0/8:443",
        "tcp 127.16.0.0/12:443",
        "tcp 224.0.0.0/4:443",
        "tcp 239.1.0.0/16:443",
        "tcp 0.0.0.0/32:443",
        "tcp 255.255.255.255:443",
        "tcp 255.255.255.255/32:443",
        "tcp [::1]:443",
        "tcp [::1/128]:443",
        "tcp [fe80::1]:443",
        "tcp [fe80::/10]:443",
        "tcp [fe80::/64]:443",
        "tcp [ff00::/8]:443",
        "tcp 203.0.113.10/24:443",
        "tcp 203.0.113.0/33:443",
        "tcp 203.0.113.0/:443",
        "tcp [2001:db8::1/32]:443"
      })
  void parse_addressNoVipCanHave_throws(String text) {
    assertThatIllegalArgumentException().isThrownBy(() -> VipKey.parse(text));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 65536, 99999})
  void parse_portOutOfRange_throws(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VipKey.parse("tcp 203.0.113.10:" + port))
        .withMessage(
            "VIP port %d of 203.0.113.10 is not in 1..65535; leave the port out to match every"
                + " port",
            port);
  }

  @Test
  void tcpAndUdp_literal_equalOfAddress() {
    assertThat(VipKey.tcp("203.0.113.10", 443)).isEqualTo(VipKey.of(Protocol.TCP, IPV4, 443));
    assertThat(VipKey.udp("203.0.113.10", 443)).isEqualTo(VipKey.of(Protocol.UDP, IPV4, 443));
    assertThat(VipKey.tcp("2001:db8::10")).isEqualTo(VipKey.of(Protocol.TCP, IPV6, 0));
    assertThat(VipKey.udp("2001:db8::10")).isEqualTo(VipKey.of(Protocol.UDP, IPV6, 0));
  }

  @Test
  void tcpAndUdp_prefix_equalOfPrefix() {
    assertThat(VipKey.tcp("203.0.113.0/24", 443)).isEqualTo(VipKey.of(Protocol.TCP, PREFIX4, 443));
    assertThat(VipKey.udp("2001:db8::/32")).isEqualTo(VipKey.of(Protocol.UDP, PREFIX6, 0));
  }

  @Test
  void of_address_returnsItsParts() {
    VipKey key = VipKey.of(Protocol.TCP, IPV6, 443);

    assertThat(key.protocol()).isEqualTo(Protocol.TCP);
    assertThat(key.address()).isEqualTo(IPV6);
    assertThat(key.prefix()).isEmpty();
    assertThat(key.port()).isEqualTo(443);
    assertThat(key.matchesEveryPort()).isFalse();
  }

  @Test
  void of_prefixForEveryPort_returnsItsParts() {
    VipKey key = VipKey.of(Protocol.UDP, PREFIX4, 0);

    assertThat(key.protocol()).isEqualTo(Protocol.UDP);
    assertThat(key.address()).isEqualTo(PREFIX4.address());
    assertThat(key.prefix()).contains(PREFIX4);
    assertThat(key.port()).isZero();
    assertThat(key.matchesEveryPort()).isTrue();
  }

  @Test
  void of_socketAddress_equalsOfAddressAndPort() {
    assertThat(VipKey.of(Protocol.TCP, new InetSocketAddress(IPV4, 443)))
        .isEqualTo(VipKey.of(Protocol.TCP, IPV4, 443));
    assertThat(VipKey.of(Protocol.UDP, new InetSocketAddress(IPV6, 53)))
        .isEqualTo(VipKey.of(Protocol.UDP, IPV6, 53));
  }

  @Test
  void of_unresolvedSocketAddress_throws() {
    InetSocketAddress name = InetSocketAddress.createUnresolved("web.example", 443);
    InetSocketAddress literal = InetSocketAddress.createUnresolved("203.0.113.10", 443);

    assertThatIllegalArgumentException()
        .isThrownBy(() -> VipKey.of(Protocol.TCP, name))
        .withMessage("VIP web.example is a host name; host names are not resolved");
    assertThatIllegalArgumentException().isThrownBy(() -> VipKey.of(Protocol.TCP, literal));
  }

  @Test
  void of_socketAddressWithoutPort_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VipKey.of(Protocol.TCP, new InetSocketAddress(IPV6, 0)))
        .withMessageContaining("VIP port 0")
        .withMessageEndingWith("leave the port out to match every port");
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 65536})
  void of_portOutOfRange_throws(int port) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VipKey.of(Protocol.TCP, IPV4, port))
        .withMessage("VIP port %d is not in 0..65535", port);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VipKey.of(Protocol.UDP, PREFIX6, port))
        .withMessage("VIP port %d is not in 0..65535", port);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 0, 65536})
  void tcpAndUdp_portOutOfRange_throws(int port) {
    String message = "VIP port %d of %s is not in 1..65535; leave the port out to match every port";
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VipKey.tcp("203.0.113.10", port))
        .withMessage(message, port, "203.0.113.10");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> VipKey.udp("203.0.113.0/24", port))
        .withMessage(message, port, "203.0.113.0/24");
  }

  @Test
  void equals_anyPartDiffers_isFalse() {
    VipKey key = VipKey.tcp("203.0.113.0", 443);

    assertThat(key)
        .isNotEqualTo(VipKey.udp("203.0.113.0", 443))
        .isNotEqualTo(VipKey.tcp("203.0.113.1", 443))
        .isNotEqualTo(VipKey.tcp("203.0.113.0", 80))
        .isNotEqualTo(VipKey.tcp("203.0.113.0"))
        .isNotEqualTo(VipKey.tcp("203.0.113.0/32", 443))
        .isNotEqualTo(VipKey.tcp("203.0.113.0/24", 443));
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0/0", "128.0.0.0/1", "::/0", "fc00::/6", "169.254.0.0/16"})
  void of_prefixWithUsableAddresses_isAccepted(String prefix) {
    assertThat(VipKey.tcp(prefix, 443).prefix()).contains(Prefix.of(prefix));
  }
}
