package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.net.InetAddress;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestorationTest {

  private static final VipKey WEB = VipKey.tcp("203.0.113.10", 443);

  @Test
  void of_withoutPort_hasTheVips() {
    assertThat(Restoration.of(WEB, "10.0.0.11")).isEqualTo(Restoration.of(WEB, "10.0.0.11", 443));
    assertThat(Restoration.of(VipKey.tcp("203.0.113.10"), "10.0.0.11").port()).isZero();
  }

  @ParameterizedTest
  @CsvSource({
    "tcp 203.0.113.10:443,      10.0.0.11, 8443, 10.0.0.11:8443 answers as tcp 203.0.113.10:443",
    "udp [2001:db8::10]:53,     fc00::11,  5353, [fc00::11]:5353 answers as udp [2001:db8::10]:53",
  })
  void toString_namesBoth(String vip, String address, int port, String text) {
    assertThat(Restoration.of(VipKey.parse(vip), address, port)).hasToString(text);
  }

  @Test
  void toString_everyPort_isStar() {
    assertThat(Restoration.of(VipKey.tcp("203.0.113.10"), "10.0.0.11"))
        .hasToString("10.0.0.11:* answers as tcp 203.0.113.10:*");
  }

  @ParameterizedTest
  @CsvSource({
    "tcp 203.0.113.0/24:443, 10.0.0.11,   8443,  VIP tcp 203.0.113.0/24:443 is a prefix",
    "tcp 203.0.113.10:*,     10.0.0.11,   8443,  'VIP tcp 203.0.113.10:* matches every port and"
        + " keeps it; leave out port 8443 of backend 10.0.0.11'",
    "tcp 203.0.113.10:443,   fc00::11,    8443,  'backend fc00::11 cannot answer as VIP tcp"
        + " 203.0.113.10:443: one is IPv4, the other IPv6'",
    "tcp [2001:db8::1]:443,  10.0.0.11,   8443,  backend 10.0.0.11 cannot answer as VIP tcp"
        + " [2001:db8::1]:443",
    "tcp 203.0.113.10:443,   10.0.0.11,   0,     backend port 0 of 10.0.0.11 is not in 1..65535",
    "tcp 203.0.113.10:443,   10.0.0.11,   65536, backend port 65536 of 10.0.0.11 is not in 1..65535",
    "tcp 203.0.113.10:443,   127.0.0.1,   8443,  'backend 127.0.0.1 is a loopback address'",
    "tcp 203.0.113.10:443,   backend-1,   8443,  'backend \"backend-1\" is not an IPv4 or IPv6'",
  })
  void of_illegalValue_isRefusedWithIt(String vip, String address, int port, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Restoration.of(VipKey.parse(vip), address, port))
        .withMessageContaining(message);
  }

  @Test
  void of_prefixWithoutPort_isRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Restoration.of(VipKey.tcp("203.0.113.0/24", 443), "10.0.0.11"))
        .withMessageContaining("is a prefix");
  }

  @Test
  void equals_differsInEachPart() {
    Restoration one = Restoration.of(WEB, "10.0.0.11", 8443);

    assertThat(one)
        .isEqualTo(Restoration.of(WEB, InetAddress.ofLiteral("10.0.0.11"), 8443))
        .hasSameHashCodeAs(Restoration.of(WEB, "10.0.0.11", 8443))
        .isNotEqualTo(Restoration.of(WEB, "10.0.0.12", 8443))
        .isNotEqualTo(Restoration.of(WEB, "10.0.0.11", 8444))
        .isNotEqualTo(Restoration.of(VipKey.udp("203.0.113.10", 443), "10.0.0.11", 8443));
  }
}
