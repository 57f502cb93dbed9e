package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import dev.katran.Decapsulation;
import dev.katran.Prefix;
import dev.katran.Verdict;
import dev.katran.packets.Packet;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whose tunnels end at the balancer, and for which inner packets. */
public abstract class TunnelFilterContract extends DataplaneContract {

  private static final String OTHER4 = "10.1.2.3";
  private static final String OTHER6 = "fd00::3";
  private static final String ENDPOINT4 = "192.0.2.2";
  private static final String ENDPOINT6 = "2001:db8::2";

  @Override
  DataplaneConfig config() {
    return CONFIG.with(c -> {
      c.decapsulation = Decapsulation.ANY;
      c.tunnelSources = ImmutableList.of(Prefix.of("192.0.2.0/25"), Prefix.of("2001:db8:1::/48"));
      c.innerVipsOnly = true;
    });
  }

  @BeforeEach
  void serve() {
    serveAllFamilies();
  }

  private static byte[] inTunnel(String source, String destination, byte[] inner) {
    return Packet.of(source, destination, inner[0] >> 4 == 4 ? 4 : 41).payload(inner).frame();
  }

  private static byte[] inner(String destination) {
    return Packet.tcp(destination.contains(":") ? CLIENT6 : CLIENT4, 49152, destination, 80).ip();
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.2, " + VIP4,
    "192.0.2.1, 192.0.2.2, " + VIP6,
    "2001:db8:1::1, 2001:db8::2, " + VIP4,
    "2001:db8:1::1, 2001:db8::2, " + VIP6,
  })
  void decapsulate_trustedSourceAndVip_stripsTheTunnel(String source, String end, String vip) {
    byte[] inner = inner(vip);
    byte[] passed = dataplane.program().run(inTunnel(source, end, inner)).frame();
    assertThat(passed).hasSize(14 + inner.length);
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.129, 192.0.2.2, " + VIP4,
    "2001:db8:2::1, 2001:db8::2, " + VIP6,
  })
  void decapsulate_otherSource_passesUnchanged(String source, String end, String to) {
    assertPasses(inTunnel(source, end, inner(to)));
    recirculate();
    assertPasses(inTunnel(source, end, inner(to)));
  }

  @ParameterizedTest
  @CsvSource({
    "192.0.2.1, 192.0.2.2, " + OTHER4,
    "192.0.2.1, 192.0.2.2, " + OTHER6,
    "2001:db8:1::1, 2001:db8::2, " + OTHER4,
    "2001:db8:1::1, 2001:db8::2, " + OTHER6,
  })
  void decapsulate_innerPacketForNoVip_dropsAndCounts(String source, String end, String to) {
    assertThat(dataplane.program().run(inTunnel(source, end, inner(to))).verdict())
        .isEqualTo(Verdict.DROP);
    recirculate();
    assertThat(dataplane.program().run(inTunnel(source, end, inner(to))).verdict())
        .isEqualTo(Verdict.DROP);
    assertThat(dataplane.counters().read(Counter.Total.TUNNELS_REFUSED).packets()).isEqualTo(2);
  }

  private void recirculate() {
    dataplane
        .tunnelEndpoints()
        .put(
            Map.of(
                address(ENDPOINT4), TunnelAction.RECIRCULATE,
                address(ENDPOINT6), TunnelAction.RECIRCULATE));
  }

  @ParameterizedTest
  @CsvSource({"192.0.2.1, TX", "192.0.2.129, PASS"})
  void egress_trustedSource_sendsWhateverIsInside(String source, Verdict verdict) {
    dataplane.tunnelEndpoints().put(Map.of(address(ENDPOINT4), TunnelAction.EGRESS));
    byte[] datagram =
        Packet.udp(source, 49152, ENDPOINT4, GueConfig.DEFAULT_PORT).payload(inner(OTHER4)).frame();
    assertThat(dataplane.program().run(datagram).verdict()).isEqualTo(verdict);
  }
}
