package dev.katran.internal.dataplane;

import static dev.katran.packets.Packet.BALANCER_MAC;
import static dev.katran.packets.Packet.CLIENT_MAC;
import static dev.katran.packets.Packet.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Count;
import dev.katran.Forwarding;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.internal.packet.Hop;
import dev.katran.packets.Hex;
import dev.katran.packets.InternetChecksum;
import dev.katran.packets.Packet;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Oversized frames for a VIP, answered with ICMP "packet too big". */
public abstract class TooBigContract extends DataplaneContract {

  private static final byte[] MTU = {0, 0, 0x05, (byte) 0xdc}; // 1500

  @Override
  DataplaneConfig config() {
    return CONFIG.with(c -> {
      c.sendPacketTooBig = true;
      c.gue = GueContract.GUE;
    });
  }

  @ParameterizedTest
  @ValueSource(ints = {1515, 1516, 2001, 3519})
  void tooBig_ipv4_answersWithMtu(int length) {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND6);
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(length - 54).frame();

    byte[] quoted = Arrays.copyOfRange(frame, NETWORK, NETWORK + 84);
    byte[] content = ByteBuffer.allocate(4 + 84).put(MTU).put(quoted).array();
    assertAnswered(frame, answer(VIP4, CLIENT4, 3, 4, content));
  }

  @ParameterizedTest
  @ValueSource(ints = {1515, 1516, 2001, 3519})
  void tooBig_ipv6_answersWithMtu(int length) {
    serve(udp(VIP6, 443), 0, NO_FLAGS, 1, BACKEND4);
    byte[] frame = Packet.udp(CLIENT6, 49152, VIP6, 443).payload(length - 62).frame();

    byte[] quoted = Arrays.copyOfRange(frame, NETWORK, NETWORK + 248);
    byte[] content = ByteBuffer.allocate(4 + 248).put(MTU).put(quoted).array();
    assertAnswered(frame, answer(VIP6, CLIENT6, 2, 0, content));
  }

  /** Returns the answer. Unlike {@link Packet}'s it has no id, fragment bits or flow label. */
  private static byte[] answer(String vip, String client, int type, int code, byte[] content) {
    byte[] ip = Packet.icmp(vip, client, type, code, content).ttl(64).ip();
    if (type == 3) {
      ByteBuffer header = ByteBuffer.wrap(ip);
      header.putInt(4, 0).putShort(10, (short) 0);
      header.putShort(10, (short) InternetChecksum.of(header.slice(0, 20)));
    } else {
      ByteBuffer.wrap(ip).putInt(0, 6 << 28);
    }
    return ip;
  }

  private void assertAnswered(byte[] frame, byte[] answer) {
    Simulation simulation = dataplane.program().run(frame);
    assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
    assertThat(Hex.of(simulation.frame()))
        .isEqualTo(CLIENT_MAC + BALANCER_MAC + Hex.of(frame).substring(24, 28) + Hex.of(answer));
    assertThat(dataplane.counters().read(Counter.Total.TX)).isEqualTo(new Count(1, frame.length));
    assertThat(dataplane.counters().read(new Counter.OfVip(0, Counter.VipEvent.FORWARDED)))
        .isEqualTo(Count.ZERO);
  }

  @ParameterizedTest
  @ValueSource(strings = {VIP4, VIP6})
  void tooBig_largestSizeOrOtherDestination_isNotAnswered(String vip) {
    serve(udp(vip, 443), 0, NO_FLAGS, 1, BACKEND6);
    String client = vip.equals(VIP4) ? CLIENT4 : CLIENT6;
    int headers = Packet.udp(client, 1, vip, 443).frame().length;

    forwarded(Packet.udp(client, 1, vip, 443).payload(1514 - headers).frame());
    assertPasses(Packet.udp(client, 1, vip, 444).payload(1515 - headers).frame());
  }

  @ParameterizedTest
  @CsvSource({
    "10.0.0.9, IPIP, 1480",
    "fc00::9,  IPIP, 1460",
    "10.0.0.9, GUE,  1472",
    "fc00::9,  GUE,  1452",
  })
  void tunnelWithoutRoom_answersWithItsRoom(String backend, String tunnel, int room) {
    Forwarding forwarding = tunnel.equals("GUE") ? Forwarding.gue() : Forwarding.ipip();
    dataplane.program().use(new Features(0, tunnel.equals("GUE"), false));
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, backend);
    Hop hop = new Hop(HOP.mac(), null, 1500);
    dataplane.backends().put(1, new BackendEntry(address(backend), forwarding, hop));

    byte[] fits = Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(room - 40).frame();
    assertThat(forwarded(fits).destination()).isEqualTo(address(backend));
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).payload(room - 39).frame();
    byte[] quoted = Arrays.copyOfRange(frame, NETWORK, NETWORK + 84);
    byte[] content = ByteBuffer.allocate(4 + 84).putInt(room).put(quoted).array();
    Simulation simulation = dataplane.program().run(frame);
    assertThat(Hex.of(simulation.frame()))
        .isEqualTo(
            CLIENT_MAC + BALANCER_MAC + "0800" + Hex.of(answer(VIP4, CLIENT4, 3, 4, content)));
    assertThat(dataplane.counters().read(new Counter.OfBackend(1)).packets()).isOne();
  }

  @Test
  void tunnelWithoutRoom_icmpError_dropsWithoutAnswer() {
    serveAllFamilies();
    Hop hop = new Hop(HOP.mac(), null, 1000);
    dataplane.backends().put(1, new BackendEntry(address(BACKEND4), hop));
    byte[] quoted4 = Packet.tcp(VIP4, 443, CLIENT4, 49152).payload(1100).ip();
    assertDrops(Packet.icmp("192.0.2.1", VIP4, 3, 1).payload(quoted4).frame());
  }

  @Test
  void tooBig_icmpError_dropsWithoutAnswer() {
    serveAllFamilies();
    byte[] quoted4 = Packet.tcp(VIP4, 443, CLIENT4, 49152).payload(1500).ip();
    assertDrops(Packet.icmp("192.0.2.1", VIP4, 3, 1).payload(quoted4).frame());

    byte[] quoted6 = Packet.tcp(VIP6, 443, CLIENT6, 49152).payload(1500).ip();
    assertDrops(Packet.icmp("2001:db8::1", VIP6, 1, 0).payload(quoted6).frame());
  }
}
