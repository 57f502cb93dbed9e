package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import dev.katran.ConfigurationDiff.Change;
import java.net.InetAddress;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ConfigurationDiffTest {

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();
  private static final Vip DNS = Vip.udp("203.0.113.11", 53).backends(TWO).build();
  private static final Vip MAIL = Vip.tcp("2001:db8::1", 25).backends(ONE).build();
  private static final Prefix NEAR = Prefix.of("9.0.0.0/8");
  private static final Prefix FAR = Prefix.of("198.51.100.0/24");
  private static final InetAddress END = InetAddresses.forString("203.0.113.99");
  private static final InetAddress OTHER_END = InetAddresses.forString("2001:db8::99");

  private static final Configuration BEFORE =
      Configuration.builder()
          .vips(WEB, DNS)
          .serverIds(Map.of(1, ONE, 2, ONE, 10, ONE))
          .sourceRoutes(Map.of(NEAR, ONE, FAR, ONE))
          .tunnelEndpoints(Map.of(END, TunnelEndpoint.EGRESS))
          .downBackends(Map.of(WEB.key(), Set.of(ONE.key()), DNS.key(), Set.of(TWO.key())))
          .watch(DNS.key())
          .build();
  private static final Configuration AFTER =
      Configuration.builder()
          .vips(MAIL, WEB.draining(ONE.key()))
          .serverIds(Map.of(10, TWO, 2, ONE, 3, TWO, 11, TWO))
          .sourceRoutes(Map.of(NEAR, TWO))
          .tunnelEndpoints(
              Map.of(END, TunnelEndpoint.RECIRCULATE, OTHER_END, TunnelEndpoint.EGRESS))
          .downBackends(Map.of(WEB.key(), Set.of(ONE.key(), TWO.key())))
          .watch(WEB.key())
          .build();

  @Test
  void diff_everythingDiffers_tellsWhat() {
    ConfigurationDiff diff = BEFORE.diff(AFTER);

    assertThat(diff.isEmpty()).isFalse();
    assertThat(diff.vips().added()).isEqualTo(Map.of(MAIL.key(), MAIL));
    assertThat(diff.vips().removed()).isEqualTo(Map.of(DNS.key(), DNS));
    assertThat(diff.vips().changed())
        .isEqualTo(Map.of(WEB.key(), new Change<>(WEB, WEB.draining(ONE.key()))));
    assertThat(diff.serverIds().added()).isEqualTo(Map.of(3, TWO, 11, TWO));
    assertThat(diff.serverIds().removed()).isEqualTo(Map.of(1, ONE));
    assertThat(diff.serverIds().changed()).isEqualTo(Map.of(10, new Change<>(ONE, TWO)));
    assertThat(diff.sourceRoutes().added()).isEmpty();
    assertThat(diff.sourceRoutes().removed()).isEqualTo(Map.of(FAR, ONE));
    assertThat(diff.sourceRoutes().changed()).isEqualTo(Map.of(NEAR, new Change<>(ONE, TWO)));
    assertThat(diff.tunnelEndpoints().added()).isEqualTo(Map.of(OTHER_END, TunnelEndpoint.EGRESS));
    assertThat(diff.tunnelEndpoints().removed()).isEmpty();
    assertThat(diff.tunnelEndpoints().changed())
        .isEqualTo(Map.of(END, new Change<>(TunnelEndpoint.EGRESS, TunnelEndpoint.RECIRCULATE)));
    assertThat(diff.markedDown()).isEqualTo(Map.of(WEB.key(), Set.of(TWO.key())));
    assertThat(diff.markedUp()).isEqualTo(Map.of(DNS.key(), Set.of(TWO.key())));
    assertThat(diff.watchedBefore()).contains(DNS.key());
    assertThat(diff.watchedAfter()).contains(WEB.key());
  }

  @Test
  void toString_everythingDiffers_hasALineForEach() {
    assertThat(BEFORE.diff(AFTER))
        .hasToString(
            """
            - VIP udp 203.0.113.11:53 [10.0.0.2]
            + VIP tcp [2001:db8::1]:25 [10.0.0.1]
            ~ VIP tcp 203.0.113.10:443 [10.0.0.1, 10.0.0.2] -> tcp 203.0.113.10:443 [10.0.0.1 draining, 10.0.0.2]
            - server id 1: 10.0.0.1
            + server id 3: 10.0.0.2
            + server id 11: 10.0.0.2
            ~ server id 10: 10.0.0.1 -> 10.0.0.2
            - source route 198.51.100.0/24: 10.0.0.1
            ~ source route 9.0.0.0/8: 10.0.0.1 -> 10.0.0.2
            + tunnel endpoint 2001:db8::99: EGRESS
            ~ tunnel endpoint 203.0.113.99: EGRESS -> RECIRCULATE
            - down 10.0.0.2 for udp 203.0.113.11:53
            + down 10.0.0.2 for tcp 203.0.113.10:443
            - watched udp 203.0.113.11:53
            + watched tcp 203.0.113.10:443\
            """);
  }

  @Test
  void diff_toItself_isEmpty() {
    ConfigurationDiff diff =
        BEFORE.diff(BEFORE.toBuilder().vips(DNS, WEB).build()); // in another order
    assertThat(diff.isEmpty()).isTrue();
    assertThat(diff).hasToString("no difference");
  }

  @Test
  void diff_onePartDiffers_isNotEmpty() {
    assertThat(BEFORE.diff(BEFORE.toBuilder().unwatch().build()))
        .hasToString("- watched " + DNS.key());
    assertThat(BEFORE.diff(BEFORE.toBuilder().unwatch().build()).isEmpty()).isFalse();
    assertThat(BEFORE.diff(BEFORE.toBuilder().downBackends(Map.of()).build()).isEmpty()).isFalse();
    assertThat(BEFORE.diff(BEFORE.toBuilder().tunnelEndpoints(Map.of()).build()).isEmpty())
        .isFalse();
    assertThat(BEFORE.diff(BEFORE.toBuilder().sourceRoutes(Map.of()).build()).isEmpty()).isFalse();
    assertThat(BEFORE.diff(BEFORE.toBuilder().serverIds(Map.of()).build()).isEmpty()).isFalse();
  }

  @Test
  void equals_sameDifference_isTrue() {
    assertThat(BEFORE.diff(AFTER))
        .isEqualTo(BEFORE.diff(AFTER))
        .hasSameHashCodeAs(BEFORE.diff(AFTER))
        .isNotEqualTo(AFTER.diff(BEFORE));
  }
}
