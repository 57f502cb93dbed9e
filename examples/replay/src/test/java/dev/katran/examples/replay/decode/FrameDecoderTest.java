package dev.katran.examples.replay.decode;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.examples.replay.TestFrames;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class FrameDecoderTest {

  private static final int GUE_PORT = 6080;

  /** Returns each header on a line, followed by its fields. */
  private static List<String> decode(byte[] frame) {
    List<String> lines = new ArrayList<>();
    for (Header header : FrameDecoder.decode(frame, GUE_PORT)) {
      lines.add(header.name());
      header.fields().forEach(field -> lines.add(field.name() + ": " + field.value()));
    }
    return lines;
  }

  private static List<String> decode(String hex) {
    return decode(TestFrames.bytes(hex));
  }

  private static List<String> headers(String hex) {
    return FrameDecoder.decode(TestFrames.bytes(hex), GUE_PORT).stream().map(Header::name).toList();
  }

  @Test
  void decode_tcpOverIpv4_listsAllFields() {
    assertThat(decode(TestFrames.TCP_V4))
        .containsExactly(
            "Ethernet",
            "destination: 02:00:00:00:00:01",
            "source: 02:00:00:00:00:fe",
            "type: 0x0800",
            "IPv4",
            "version: 4",
            "header length: 20",
            "TOS: 0x00",
            "total length: 49",
            "identification: 0x1234",
            "fragment: offset 0, do not fragment",
            "TTL: 60",
            "protocol: 6 TCP",
            "checksum: 0xc64d",
            "source: 198.51.100.7",
            "destination: 203.0.113.10",
            "TCP",
            "source port: 49152",
            "destination port: 443",
            "sequence number: 1000",
            "acknowledgment: 2000",
            "header length: 24",
            "flags: SYN ACK",
            "window: 8192",
            "checksum: 0x0086",
            "urgent pointer: 0",
            "options: 02 04 05 b4",
            "Payload",
            "byte 0: 68 65 6c 6c 6f");
  }

  @Test
  void decode_udpOverIpv6_listsAllFields() {
    assertThat(decode(TestFrames.UDP_V6))
        .containsSubsequence(
            "IPv6",
            "version: 6",
            "traffic class: 0x00",
            "flow label: 0xabcde",
            "payload length: 27",
            "next header: 17 UDP",
            "hop limit: 60",
            "source: 2001:db8:c::7",
            "destination: 2001:db8:5::10",
            "UDP",
            "source port: 50000",
            "destination port: 53",
            "length: 27",
            "checksum: 0xff07",
            "Payload",
            "byte 0: 30 31 32 33 34 35 36 37 38 39 61 62 63 64 65 66",
            "byte 16: 58 59 5a");
  }

  @Test
  void decode_ipip_includesInnerPacket() {
    assertThat(headers(TestFrames.IPIP))
        .containsExactly("Ethernet", "IPv6", "IPv4", "TCP", "Payload");
    assertThat(decode(TestFrames.IPIP))
        .containsSubsequence(
            "next header: 4 IPv4", "source: fc00::9", "destination: fc00::1", "checksum: 0xc64d");
  }

  @Test
  void decode_gue_dependsOnPort() {
    assertThat(headers(TestFrames.GUE))
        .containsExactly("Ethernet", "IPv4", "UDP", "IPv6", "UDP", "Payload");
    assertThat(decode(TestFrames.GUE))
        .containsSubsequence("source port: 31337", "destination port: 6080", "checksum: 0x1df5")
        .containsSubsequence("source: 2001:db8:c::7", "checksum: 0xff07");
    List<Header> withOtherPort = FrameDecoder.decode(TestFrames.bytes(TestFrames.GUE), 9886);
    assertThat(withOtherPort)
        .extracting(Header::name)
        .containsExactly("Ethernet", "IPv4", "UDP", "Payload");
  }

  @Test
  void decode_icmpError_includesQuotedPacket() {
    assertThat(headers(TestFrames.TOO_BIG_V4))
        .containsExactly("Ethernet", "IPv4", "ICMP", "IPv4", "TCP, cut short");
    assertThat(decode(TestFrames.TOO_BIG_V4))
        .containsSubsequence(
            "type: 3 destination unreachable",
            "code: 4",
            "checksum: 0x31e0",
            "unused: 00 00",
            "MTU: 1400",
            "IPv4",
            "destination: 203.0.113.10",
            "TCP, cut short",
            "byte 0: c0 00 01 bb 00 00 03 e8");
    assertThat(decode(TestFrames.TOO_BIG_V6))
        .containsSubsequence("type: 2 packet too big", "MTU: 1280", "IPv6", "checksum: 0xff07");
  }

  @Test
  void decode_echoRequest_listsAllFields() {
    assertThat(decode(TestFrames.ECHO_V6))
        .containsSubsequence(
            "ICMPv6",
            "type: 128 echo request",
            "code: 0",
            "checksum: 0x4546",
            "identifier: 7",
            "sequence number: 1",
            "Payload",
            "byte 0: 70 69 6e 67");
  }

  @Test
  void decode_wrongChecksum_isMarked() {
    for (String frame :
        List.of(
            TestFrames.TCP_V4,
            TestFrames.UDP_V4,
            TestFrames.UDP_V6,
            TestFrames.GUE,
            TestFrames.IPIP,
            TestFrames.ECHO_V6)) {
      assertThat(decode(frame)).noneMatch(line -> line.contains("wrong"));
      byte[] damaged = TestFrames.bytes(frame);
      damaged[damaged.length - 1] ^= 1;
      assertThat(decode(damaged)).anyMatch(line -> line.endsWith("(wrong)"));
    }
    byte[] ttl = TestFrames.bytes(TestFrames.UDP_V4);
    ttl[22]--;
    assertThat(decode(ttl)).contains("checksum: 0xc653 (wrong)", "checksum: 0xf739");
  }

  @Test
  void decode_udpWithoutChecksum_none() {
    assertThat(decode(TestFrames.UDP_V4.replace("f739", "0000"))).contains("checksum: none");
  }

  @Test
  void decode_bytesAfterPacket_arePadding() {
    assertThat(decode(TestFrames.UDP_V4 + "0102"))
        .contains("checksum: 0xf739")
        .endsWith("byte 0: 70 69 6e 67", "Padding", "byte 0: 01 02");
  }

  @Test
  void decode_fragment_hasNoTransportHeader() {
    assertThat(headers(TestFrames.UDP_V4.replace("12344000", "12342001")))
        .containsExactly("Ethernet", "IPv4", "Payload");
  }

  @Test
  void decode_anyFrame_showsEveryByte() {
    for (String hex :
        List.of(
            TestFrames.TCP_V4,
            TestFrames.UDP_V6,
            TestFrames.IPIP,
            TestFrames.GUE,
            TestFrames.TOO_BIG_V4,
            TestFrames.TOO_BIG_V6)) {
      byte[] frame = TestFrames.bytes(hex);
      for (int length = 0; length < frame.length; length++) {
        byte[] shorter = Arrays.copyOf(frame, length + 1);
        byte[] other = shorter.clone();
        other[length] ^= 0x55;
        assertThat(decode(shorter)).as("%d bytes", length + 1).isNotEqualTo(decode(other));
      }
      for (int i = 0; i < frame.length; i++) {
        byte[] other = frame.clone();
        other[i] ^= 0x10;
        assertThat(decode(other)).as("byte %d", i).isNotEqualTo(decode(frame));
      }
    }
  }
}
