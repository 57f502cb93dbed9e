package dev.katran.internal.dataplane;

import static dev.katran.packets.Packet.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Simulation;
import dev.katran.UnservedPorts;
import dev.katran.Verdict;
import dev.katran.packets.Hex;
import dev.katran.packets.InternetChecksum;
import dev.katran.packets.Packet;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Packets for a VIP's address and a port that no VIP has, with {@link UnservedPorts#REJECT}. */
public abstract class UnservedPortContract extends DataplaneContract {

  private static final int ANSWERS_PER_SECOND = 20;
  private static final int FIN = 0x01;
  private static final int SYN = 0x02;
  private static final int RST = 0x04;
  private static final int ACK = 0x10;

  @Override
  DataplaneConfig config() {
    return CONFIG.with(c -> {
      c.unservedPorts = UnservedPorts.REJECT;
      c.answersPerSecond = ANSWERS_PER_SECOND;
    });
  }

  @BeforeEach
  void serve() {
    serveAllFamilies();
  }

  private static String client(String vip) {
    return vip.equals(VIP6) ? CLIENT6 : CLIENT4;
  }

  private static int tcp(String vip) {
    return NETWORK + (vip.equals(VIP6) ? 40 : 20);
  }

  /** Returns a segment with sequence number 0xfffffff0 and acknowledgement 0x01020304. */
  private static byte[] segment(String vip, int flags, int payload) {
    byte[] frame = Packet.tcp(client(vip), 49152, vip, 22).payload(payload).frame();
    ByteBuffer.wrap(frame).putInt(tcp(vip) + 4, 0xfffffff0).putInt(tcp(vip) + 8, 0x01020304);
    frame[tcp(vip) + 13] = (byte) flags;
    return frame;
  }

  private ByteBuffer reset(String vip, byte[] frame) {
    byte[] answer = answer(vip, frame, 6);
    ByteBuffer tcp = ByteBuffer.wrap(answer, tcp(vip), answer.length - tcp(vip)).slice();
    assertThat(tcp.remaining()).isEqualTo(20);
    assertThat(tcp.getShort(0)).isEqualTo((short) 22);
    assertThat(tcp.getShort(2)).isEqualTo((short) 49152);
    return tcp;
  }

  /** Returns the answer to a frame after checking its addresses, lengths and checksums. */
  private byte[] answer(String vip, byte[] frame, int protocol) {
    Simulation simulation = dataplane.program().run(frame);
    assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
    byte[] answer = simulation.frame();
    assertThat(Hex.of(Arrays.copyOf(answer, 12)))
        .isEqualTo(Packet.CLIENT_MAC + Packet.BALANCER_MAC);
    ByteBuffer ip = ByteBuffer.wrap(answer, NETWORK, answer.length - NETWORK).slice();
    ByteBuffer pseudo;
    int header = tcp(vip) - NETWORK;
    int length = ip.remaining() - header;
    if (vip.equals(VIP6)) {
      assertThat(ip.getInt(0)).isEqualTo(6 << 28);
      assertThat(ip.getShort(4)).isEqualTo((short) length);
      assertThat(ip.get(6)).isEqualTo((byte) protocol);
      assertThat(ip.get(7)).isEqualTo((byte) 64);
      pseudo = ByteBuffer.allocate(40).put(ip.slice(8, 32)).putInt(length).putInt(protocol);
    } else {
      assertThat(ip.getShort(0)).isEqualTo((short) 0x4500);
      assertThat(ip.getShort(2)).isEqualTo((short) ip.remaining());
      assertThat(ip.get(8)).isEqualTo((byte) 64);
      assertThat(ip.get(9)).isEqualTo((byte) protocol);
      assertThat(InternetChecksum.verifies(ip.slice(0, 20))).isTrue();
      pseudo = ByteBuffer.allocate(16).put(ip.slice(12, 8)).putInt(length).putInt(protocol);
    }
    byte[] from = new byte[header == 40 ? 16 : 4];
    pseudo.get(0, from);
    assertThat(from).isEqualTo(address(vip).getAddress());
    ByteBuffer covered = ByteBuffer.allocate(pseudo.capacity() + length + length % 2);
    if (protocol != 1) {
      covered.put(pseudo.rewind());
    }
    covered.put(ip.slice(header, length));
    assertThat(InternetChecksum.verifies(covered.rewind())).isTrue();
    return answer;
  }

  @ParameterizedTest
  @ValueSource(strings = {VIP4, VIP6})
  void tcp_syn_isResetWithItsAcknowledgement(String vip) {
    ByteBuffer reset = reset(vip, segment(vip, SYN, 0));
    assertThat(reset.getInt(4)).isZero();
    assertThat(reset.getInt(8)).isEqualTo(0xfffffff1);
    assertThat(reset.getShort(12)).isEqualTo((short) (0x5000 | RST | ACK));
  }

  @ParameterizedTest
  @ValueSource(strings = {VIP4, VIP6})
  void tcp_finWithData_countsBothAndWraps(String vip) {
    ByteBuffer reset = reset(vip, segment(vip, FIN, 100));
    assertThat(reset.getInt(8)).isEqualTo(-16 + 101);
  }

  @ParameterizedTest
  @ValueSource(strings = {VIP4, VIP6})
  void tcp_ack_isResetAtItsAcknowledgement(String vip) {
    ByteBuffer reset = reset(vip, segment(vip, ACK, 1300));
    assertThat(reset.getInt(4)).isEqualTo(0x01020304);
    assertThat(reset.getInt(8)).isZero();
    assertThat(reset.getShort(12)).isEqualTo((short) (0x5000 | RST));
  }

  @ParameterizedTest
  @ValueSource(strings = {VIP4, VIP6})
  void tcp_reset_isDropped(String vip) {
    assertDrops(segment(vip, RST, 0));
    assertDrops(segment(vip, RST | ACK, 0));
    assertThat(dataplane.counters().read(Counter.Total.UNSERVED).packets()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 511, 1300})
  void udp_anyLength_isUnreachableAndQuoted(int payload) {
    for (String vip : new String[] {VIP4, VIP6}) {
      byte[] frame = Packet.udp(client(vip), 49152, vip, 22).payload(payload).frame();
      boolean isIpv6 = vip.equals(VIP6);
      byte[] answer = answer(vip, frame, isIpv6 ? 58 : 1);
      int icmp = tcp(vip);
      assertThat(answer[icmp]).isEqualTo((byte) (isIpv6 ? 1 : 3));
      assertThat(answer[icmp + 1]).isEqualTo((byte) (isIpv6 ? 4 : 3));
      int most = (isIpv6 ? 1280 : 576) - (icmp - NETWORK) - 8;
      int quoted = Math.min(most, frame.length - NETWORK);
      assertThat(Hex.of(Arrays.copyOfRange(answer, icmp + 8, answer.length)))
          .isEqualTo(Hex.of(Arrays.copyOfRange(frame, NETWORK, NETWORK + quoted)));
    }
  }

  @Test
  void udp_paddedFrame_paddingIsNotQuoted() {
    byte[] frame = Packet.udp(CLIENT4, 49152, VIP4, 22).payload(1).frame();
    byte[] answer = answer(VIP4, Arrays.copyOf(frame, 60), 1);
    assertThat(answer).hasSize(NETWORK + 28 + 29);
  }

  @Test
  void served_orOtherAddressOrProtocol_isAsBefore() {
    forwarded(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame());
    assertPasses(Packet.tcp(CLIENT4, 49152, "203.0.113.99", 22).frame());
    assertPasses(Packet.of(CLIENT4, VIP4, 47).frame());
    assertThat(dataplane.counters().read(Counter.Total.UNSERVED).packets()).isZero();
  }

  @Test
  void error_aboutUnservedPort_isDropped() {
    byte[] quoted = Packet.udp(VIP4, 22, CLIENT4, 49152).payload(9).ip();
    assertDrops(Packet.icmp("192.0.2.1", VIP4, 3, 1).payload(quoted).frame());
    assertThat(dataplane.counters().read(Counter.Total.UNSERVED).packets()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255", VIP4})
  void sourceIsNoOtherHost_isDropped(String source) {
    assertDrops(Packet.udp(source, 49152, VIP4, 22).frame());
    assertDrops(Packet.tcp(source, 49152, VIP4, 22).frame());
  }

  @Test
  void budgetSpent_isDroppedAndCounted() {
    byte[] frame = Packet.udp(CLIENT4, 49152, VIP4, 22).frame();
    int dropped = 0;
    for (int i = 0; i < 4 * ANSWERS_PER_SECOND; i++) {
      dropped += dataplane.program().run(frame).verdict() == Verdict.DROP ? 1 : 0;
    }
    // a second may end meanwhile
    assertThat(dropped).isGreaterThanOrEqualTo(ANSWERS_PER_SECOND);
    assertThat(dataplane.counters().read(Counter.Total.ANSWERS_LIMITED).packets())
        .isEqualTo(dropped);
  }

  /** The same packets with {@link UnservedPorts#DROP}. */
  public abstract static class Dropped extends DataplaneContract {

    @Override
    DataplaneConfig config() {
      return CONFIG.with(c -> c.unservedPorts = UnservedPorts.DROP);
    }

    @Test
    void unserved_isDroppedAndCounted() {
      serveAllFamilies();
      assertDrops(Packet.tcp(CLIENT4, 49152, VIP4, 22).frame());
      assertDrops(Packet.udp(CLIENT6, 49152, VIP6, 22).frame());
      assertPasses(Packet.tcp(CLIENT4, 49152, "203.0.113.99", 22).frame());
      forwarded(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame());
      assertThat(dataplane.counters().read(Counter.Total.UNSERVED).packets()).isEqualTo(2);
    }
  }
}
