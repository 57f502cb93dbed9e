package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigurationTest {

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();
  private static final Vip DNS = Vip.udp("203.0.113.9", 53).backends(TWO).build();
  private static final Prefix CLIENTS = Prefix.of("198.51.100.0/24");
  private static final InetAddress TUNNEL_END = InetAddresses.forString("2001:db8::99");

  private static final Configuration WHOLE =
      Configuration.builder()
          .vips(WEB, DNS)
          .serverIds(Map.of(7, ONE))
          .sourceRoutes(Map.of(CLIENTS, TWO))
          .tunnelEndpoints(Map.of(TUNNEL_END, TunnelEndpoint.EGRESS))
          .downBackends(Map.of(DNS.key(), Set.of(TWO.key())))
          .watch(WEB.key())
          .build();

  @Test
  void build_everything_returnsIt() {
    assertThat(WHOLE.vips()).containsExactly(WEB, DNS);
    assertThat(WHOLE.vip(DNS.key())).contains(DNS);
    assertThat(WHOLE.vip(VipKey.tcp("203.0.113.1", 1))).isEmpty();
    assertThat(WHOLE.serverIds()).isEqualTo(Map.of(7, ONE));
    assertThat(WHOLE.sourceRoutes()).isEqualTo(Map.of(CLIENTS, TWO));
    assertThat(WHOLE.tunnelEndpoints()).isEqualTo(Map.of(TUNNEL_END, TunnelEndpoint.EGRESS));
    assertThat(WHOLE.downBackends()).isEqualTo(Map.of(DNS.key(), Set.of(TWO.key())));
    assertThat(WHOLE.watched()).contains(WEB.key());
    assertThat(WHOLE.toBuilder().build()).isEqualTo(WHOLE).hasSameHashCodeAs(WHOLE);
  }

  @Test
  void of_vips_hasNothingElse() {
    assertThat(Configuration.of(WEB, DNS))
        .isEqualTo(Configuration.of(List.of(WEB, DNS)))
        .isEqualTo(Configuration.builder().vips(WEB, DNS).build());
    assertThat(Configuration.of().vips()).isEmpty();
  }

  @Test
  void equals_otherOrderOfVips_isTrue() {
    assertThat(Configuration.of(WEB, DNS))
        .isEqualTo(Configuration.of(DNS, WEB))
        .hasSameHashCodeAs(Configuration.of(DNS, WEB));
  }

  @Test
  void equals_anyPartDiffers_isFalse() {
    assertThat(WHOLE)
        .isNotEqualTo(WHOLE.toBuilder().vips(WEB, DNS.with(ONE)).build())
        .isNotEqualTo(WHOLE.toBuilder().serverIds(Map.of(8, ONE)).build())
        .isNotEqualTo(WHOLE.toBuilder().sourceRoutes(Map.of(CLIENTS, ONE)).build())
        .isNotEqualTo(WHOLE.toBuilder().tunnelEndpoints(Map.of()).build())
        .isNotEqualTo(WHOLE.toBuilder().downBackends(Map.of()).build())
        .isNotEqualTo(WHOLE.toBuilder().watch(DNS.key()).build())
        .isNotEqualTo(WHOLE.toBuilder().unwatch().build());
  }

  @Test
  void build_mapChangedLater_doesNotShow() {
    Map<Integer, Backend> serverIds = new HashMap<>(Map.of(7, ONE));
    Configuration configuration = Configuration.builder().serverIds(serverIds).build();
    serverIds.clear();
    assertThat(configuration.serverIds()).isEqualTo(Map.of(7, ONE));
    assertThatThrownBy(() -> configuration.serverIds().clear())
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> WHOLE.downBackends().clear())
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> WHOLE.downBackends().get(DNS.key()).clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void build_sameVipTwice_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Configuration.of(WEB, DNS, WEB.with(Backend.of("10.0.0.3"))))
        .withMessage("duplicate VIP tcp 203.0.113.10:443");
  }

  @Test
  void build_serverIdNotPositive_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Configuration.builder().serverIds(Map.of(0, ONE)).build())
        .withMessage("server id 0 is not in 1..2147483647");
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::", "ff02::1", "255.255.255.255"})
  void build_tunnelEndpointNotUnicast_throws(String literal) {
    InetAddress address = InetAddresses.forString(literal);
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            Configuration.builder()
                .tunnelEndpoints(Map.of(address, TunnelEndpoint.RECIRCULATE))
                .build())
        .withMessageStartingWith("tunnel endpoint " + literal);
  }

  @Test
  void build_markOfAbsentVip_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WHOLE.toBuilder().vips(WEB).build())
        .withMessage(
            "backend 10.0.0.2 is marked down for udp 203.0.113.9:53, which is not a VIP of the configuration");
  }

  @Test
  void build_markOfAbsentBackend_throws() {
    Configuration.Builder builder =
        WHOLE.toBuilder().downBackends(Map.of(DNS.key(), List.of(Backend.of("10.0.0.9").key())));
    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage(
            "no VIP and no table has the backend 10.0.0.9, which is marked down for udp 203.0.113.9:53");
    builder.sourceRoutes(Map.of(CLIENTS, Backend.of("10.0.0.9")));
    assertThat(builder.build().downBackends()).containsOnlyKeys(DNS.key());
  }

  @Test
  void build_watchOfAbsentVip_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Configuration.of(DNS).toBuilder().watch(WEB.key()).build())
        .withMessage("tcp 203.0.113.10:443 is watched, but is not a VIP of the configuration");
  }

  @Test
  void build_backendReachedInTwoWays_throws() {
    Backend gue = TWO.via(Forwarding.gue());
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Configuration.of(WEB, DNS.with(gue)))
        .withMessage(
            "backend 10.0.0.2 is via GUE for udp 203.0.113.9:53, but via IPIP for another VIP or table");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WHOLE.toBuilder().serverIds(Map.of(3, gue)).build())
        .withMessage(
            "backend 10.0.0.2 is via GUE for server id 3, but via IPIP for another VIP or table");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WHOLE.toBuilder().sourceRoutes(Map.of(CLIENTS, TWO.local(true))).build())
        .withMessage(
            "backend 10.0.0.2 is via IPIP, local for source route 198.51.100.0/24, but via IPIP for another VIP or table");
    assertThat(Configuration.of(WEB, DNS.with(TWO.weight(2).draining(true))).vips()).hasSize(2);
  }

  @Test
  void toString_countsWhatIsThere() {
    assertThat(WHOLE)
        .hasToString(
            "configuration of 2 VIPs, 1 server id, 1 source route, 1 tunnel endpoint, 1 down mark, watching tcp 203.0.113.10:443");
    assertThat(Configuration.of(WEB)).hasToString("configuration of 1 VIP");
    assertThat(Configuration.of()).hasToString("configuration of 0 VIPs");
  }
}
