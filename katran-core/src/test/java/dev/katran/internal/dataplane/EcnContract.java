package dev.katran.internal.dataplane;

import static dev.katran.packets.Packet.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Decapsulation;
import dev.katran.Simulation;
import dev.katran.TrafficClass;
import dev.katran.Verdict;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.InternetChecksum;
import dev.katran.packets.Packet;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Congestion marks in tunnels: RFC 6040. */
public abstract class EcnContract extends DataplaneContract {

  private static final String ROUTER4 = "192.0.2.1";
  private static final String ROUTER6 = "2001:db8::1";
  private static final String ENDPOINT4 = "192.0.2.2";
  private static final String ENDPOINT6 = "2001:db8::2";

  @Override
  DataplaneConfig config() {
    return CONFIG.with(c -> {
      c.decapsulation = Decapsulation.ANY;
      c.trafficClass = TrafficClass.fixed(0xbb);
    });
  }

  private static byte[] inTunnel(boolean outerIsIpv6, int outerEcn, byte[] inner) {
    int protocol = inner[0] >> 4 == 4 ? 4 : 41;
    return (outerIsIpv6
            ? Packet.of(ROUTER6, ENDPOINT6, protocol)
            : Packet.of(ROUTER4, ENDPOINT4, protocol))
        .trafficClass(0x20 | outerEcn)
        .payload(inner)
        .frame();
  }

  /** Outer and inner codepoint, and the one that leaves; figure 4 of RFC 6040. -1: dropped. */
  @ParameterizedTest
  @CsvSource({
    "0, 0, 0", "0, 2, 2", "0, 1, 1", "0, 3, 3",
    "2, 0, 0", "2, 2, 2", "2, 1, 1", "2, 3, 3",
    "1, 0, 0", "1, 2, 1", "1, 1, 1", "1, 3, 3",
    "3, 0, -1", "3, 2, 3", "3, 1, 3", "3, 3, 3",
  })
  void decapsulate_marks_areMerged(int outer, int inner, int merged) {
    serveAllFamilies();
    for (boolean outerIsIpv6 : new boolean[] {false, true}) {
      byte[] ipv4 = Packet.tcp(CLIENT4, 49152, "10.1.2.3", 80).trafficClass(0x48 | inner).ip();
      byte[] ipv6 = Packet.tcp(CLIENT6, 49152, "fd00::3", 80).trafficClass(0x48 | inner).ip();
      assertMerged(inTunnel(outerIsIpv6, outer, ipv4), merged);
      assertMerged(inTunnel(outerIsIpv6, outer, ipv6), merged);
    }
  }

  private void assertMerged(byte[] frame, int merged) {
    long congested = dataplane.counters().read(Counter.Total.CONGESTED).packets();
    Simulation simulation = dataplane.program().run(frame);
    if (merged < 0) {
      assertThat(simulation).isEqualTo(new Simulation(Verdict.DROP, frame));
      assertThat(dataplane.counters().read(Counter.Total.CONGESTED).packets())
          .isEqualTo(congested + 1);
      return;
    }
    assertThat(simulation.verdict()).isEqualTo(Verdict.PASS);
    byte[] passed = simulation.frame();
    boolean isIpv6 = passed[12] == (byte) 0x86;
    int trafficClass =
        isIpv6
            ? (passed[NETWORK] << 4 | ((passed[NETWORK + 1] >> 4) & 0xf)) & 0xff
            : passed[NETWORK + 1];
    assertThat(trafficClass).isEqualTo(0x48 | merged);
    if (!isIpv6) {
      assertThat(InternetChecksum.of(ByteBuffer.wrap(passed, NETWORK, 20).slice())).isZero();
    }
  }

  @Test
  void recirculate_markedPacket_staysMarkedOnItsWayToTheBackend() {
    serveAllFamilies();
    dataplane.tunnelEndpoints().put(Map.of(address(ENDPOINT4), TunnelAction.RECIRCULATE));
    byte[] inner = Packet.tcp(CLIENT4, 49152, VIP4, 443).trafficClass(0x48 | 2).ip();
    Encapsulated sent = forwarded(inTunnel(false, 3, inner));
    assertThat(sent.trafficClass() & 3).isEqualTo(3);
  }

  @ParameterizedTest
  @CsvSource({"0", "1", "2", "3"})
  void encapsulate_fixedTrafficClass_setsDscpOnly(int ecn) {
    serveAllFamilies();
    byte[] ipv4 = Packet.tcp(CLIENT4, 49152, VIP4, 443).trafficClass(0x48 | ecn).frame();
    assertThat(forwarded(ipv4).trafficClass()).isEqualTo(0xb8 | ecn);
    byte[] ipv6 = Packet.tcp(CLIENT6, 49152, VIP6, 443).trafficClass(0x48 | ecn).frame();
    assertThat(forwarded(ipv6).trafficClass()).isEqualTo(0xb8 | ecn);
  }

  @Test
  void decapsulate_innerVersionDiffers_isMalformed() {
    serveAllFamilies();
    byte[] inner = Packet.tcp(CLIENT4, 49152, VIP4, 443).ip();
    byte[] frame = inTunnel(false, 0, inner);
    frame[NETWORK + 20] = 0x65;
    assertDrops(frame);
    frame = inTunnel(false, 0, Packet.tcp(CLIENT6, 49152, VIP6, 443).ip());
    frame[NETWORK + 20] = 0x45;
    assertDrops(frame);
    assertThat(dataplane.counters().read(Counter.Total.MALFORMED).packets()).isEqualTo(2);
  }

  @Test
  void decapsulate_innerLongerThanTunnel_isMalformed() {
    serveAllFamilies();
    byte[] inner = Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(9).ip();
    byte[] frame = inTunnel(false, 0, Arrays.copyOf(inner, inner.length - 1));
    assertDrops(Arrays.copyOf(frame, frame.length + 20));
  }
}
