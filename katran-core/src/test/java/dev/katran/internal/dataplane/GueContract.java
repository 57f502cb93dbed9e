package dev.katran.internal.dataplane;

import static dev.katran.packets.Packet.BALANCER_MAC;
import static dev.katran.packets.Packet.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Forwarding;
import dev.katran.Simulation;
import dev.katran.VipKey;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Gue;
import dev.katran.packets.Hex;
import dev.katran.packets.Packet;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** GUE encapsulation: headers, checksums and source ports. */
public abstract class GueContract extends DataplaneContract {

  static final String SOURCE4 = "10.0.13.37";
  static final String SOURCE6 = "fc00:2307::1337";
  static final GueConfig GUE =
      GueConfig.NONE.withPort(9886).withSource(address(SOURCE4)).withSource(address(SOURCE6));

  @Override
  DataplaneConfig config() {
    return CONFIG.with(c -> c.gue = GUE);
  }

  @BeforeEach
  void useGue() {
    dataplane.program().use(new Features(0, /* gue= */ true, /* prefixVips= */ false));
  }

  private void serveByGue(VipKey key, int flags, String backend) {
    serve(key, 0, flags, 1, backend);
    dataplane.backends().put(1, new BackendEntry(address(backend), Forwarding.gue(), HOP));
  }

  private Gue sent(byte[] frame) {
    Gue gue = Gue.read(forwarded(frame));
    assertThat(gue.inner()).isEqualTo(Hex.of(frame).substring(2 * NETWORK));
    return gue;
  }

  @Test
  void gue_packet_isEncapsulatedUnchanged() {
    serveByGue(tcp("203.0.113.10", 443), NO_FLAGS, "10.0.0.11");
    byte[] packet = Packet.tcp("198.51.100.7", 49152, "203.0.113.10", 443).payload(3).ip();

    Simulation simulation = dataplane.program().run(Packet.frame(0x0800, packet));

    assertThat(Hex.of(simulation.frame()))
        .isEqualTo(
            "0000deadbeaf" // next hop
                + BALANCER_MAC
                + "080045000047000000004011" // 20 + 8 + 43 bytes, TTL 64, UDP
                + "5977" // header checksum
                + "0a000d250a00000b"
                + "64c7269e" // 100 ^ 0x00, 7 ^ 0xc0, to port 9886
                + "0033" // 8 + 43 bytes
                + "b956"
                + Hex.of(packet));
  }

  @ParameterizedTest
  @CsvSource({
    "198.51.100.7,   203.0.113.10,   10.0.0.11, bbd5", // 64 ^ df, 07 ^ d2
    "198.51.100.7,   203.0.113.10,   fd00::11,  b6d8", // 64 ^ d2, 07 ^ df
    "2001:db8::9:a1b2, 2001:db8:5::10, fd00::11,  d2d6", // 00 ^ d2, 09 ^ df
    "2001:db8::9:a1b2, 2001:db8:5::10, 10.0.0.11, 7e60", // a1 ^ df, b2 ^ d2
  })
  void gue_familyPair_hasExpectedOuterHeader(
      String client, String vip, String backend, String sourcePort) {
    serveByGue(udp(vip, 53), NO_FLAGS, backend);
    byte[] frame = Packet.udp(client, 0xd2df, vip, 53).trafficClass(0x8c).payload(11).frame();

    Encapsulated outer = forwarded(frame);
    Gue gue = sent(frame);

    assertThat(outer.ttl()).isEqualTo(64);
    assertThat(outer.trafficClass()).isEqualTo(0x8c);
    assertThat(outer.rest()).as("id and fragment bits, or flow label").isZero();
    assertThat(outer.checksumVerifies()).isTrue();
    assertThat(outer.source()).isEqualTo(address(outer.isIpv6() ? SOURCE6 : SOURCE4));
    assertThat(outer.destination()).isEqualTo(address(backend));
    assertThat(outer.destinationMac()).isEqualTo("0000deadbeaf");
    assertThat(outer.sourceMac()).isEqualTo(BALANCER_MAC);
    assertThat(gue.sourcePort()).isEqualTo(Integer.parseInt(sourcePort, 16));
    assertThat(gue.destinationPort()).isEqualTo(9886);
    assertThat(gue.checksumVerifies()).isTrue();
  }

  @ParameterizedTest
  @CsvSource({"4, 10.0.0.11", "4, fd00::11", "6, fd00::11", "6, 10.0.0.11"})
  void gue_randomPacket_hasValidChecksum(int family, String backend) {
    String vip = family == 4 ? VIP4 : VIP6;
    serveByGue(tcp(vip, 0), NO_FLAGS, backend);
    dataplane.vips().put(udp(vip, 0), new VipEntry(0, NO_FLAGS));
    Random random = new Random(7);
    for (int i = 0; i < 1000; i++) {
      String client =
          family == 4
              ? "198.51.%d.%d".formatted(random.nextInt(256), random.nextInt(256))
              : "2001:db8::%x:%x".formatted(random.nextInt(0x10000), random.nextInt(0x10000));
      int port = random.nextInt(0x10000);
      Packet packet =
          i % 2 == 0 ? Packet.tcp(client, port, vip, i) : Packet.udp(client, port, vip, i);
      byte[] payload = new byte[random.nextInt(1300)];
      random.nextBytes(payload);
      byte[] frame =
          packet
              .payload(payload)
              .trafficClass(random.nextInt(256))
              .ttl(random.nextInt(256))
              .frame();
      assertThat(sent(frame).checksumVerifies()).as("packet %d", i).isTrue();
    }
  }

  @ParameterizedTest
  @CsvSource({"10.0.0.11", "fd00::11"})
  void gue_icmpError_hasValidChecksumAndItsFlowsSourcePort(String backend) {
    serveByGue(tcp(VIP4, 443), NO_FLAGS, backend);
    dataplane.vips().put(tcp(VIP6, 443), new VipEntry(0, NO_FLAGS));
    Gue ofFlow4 = sent(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame());
    Gue ofFlow6 = sent(Packet.tcp(CLIENT6, 49152, VIP6, 443).frame());
    for (int payload = 0; payload < 50; payload++) {
      byte[] quoted4 = Packet.tcp(VIP4, 443, CLIENT4, 49152).payload(payload).ip();
      Gue error4 = sent(Packet.icmp("192.0.2.1", VIP4, 3, 4).payload(quoted4).frame());
      assertThat(error4.checksumVerifies()).isTrue();
      assertThat(error4.sourcePort()).isEqualTo(ofFlow4.sourcePort());

      byte[] quoted6 = Packet.tcp(VIP6, 443, CLIENT6, 49152).payload(payload).ip();
      Gue error6 = sent(Packet.icmp("2001:db8::1", VIP6, 2, 0).payload(quoted6).frame());
      assertThat(error6.checksumVerifies()).isTrue();
      assertThat(error6.sourcePort()).isEqualTo(ofFlow6.sourcePort());
    }
  }

  @Test
  void gue_zeroChecksum_isSentAsAllOnes() {
    serveByGue(tcp(VIP4, 443), NO_FLAGS, BACKEND4);
    int allOnes = 0;
    for (int port = 0; port < 0x10000; port++) {
      byte[] sent = dataplane.program().run(Packet.tcp(CLIENT4, port, VIP4, 443).frame()).frame();
      int checksum = (sent[NETWORK + 26] & 0xff) << 8 | (sent[NETWORK + 27] & 0xff);
      assertThat(checksum).isNotZero();
      if (checksum == 0xffff) {
        allOnes++;
        assertThat(Gue.read(Encapsulated.read(sent)).checksumVerifies()).isTrue();
      }
    }
    assertThat(allOnes).isPositive();
  }

  @ParameterizedTest
  @CsvSource({"4, 10.0.0.11", "4, fd00::11", "6, fd00::11", "6, 10.0.0.11"})
  void gue_udpWithoutChecksum_outerHasNone(int family, String backend) {
    String vip = family == 4 ? VIP4 : VIP6;
    serveByGue(udp(vip, 53), NO_FLAGS, backend);
    Packet packet = Packet.udp(family == 4 ? CLIENT4 : CLIENT6, 49152, vip, 53).payload(9);
    assertThat(sent(packet.frame()).hasChecksum()).isTrue();
    assertThat(sent(packet.frameWithoutUdpChecksum()).hasChecksum()).isFalse();
  }

  @Test
  void gue_corruptPayload_checksumStaysInvalid() {
    serveByGue(udp(VIP4, 53), NO_FLAGS, BACKEND4);
    byte[] frame = Packet.udp(CLIENT4, 49152, VIP4, 53).payload(9).frame();
    frame[frame.length - 1] ^= 1;
    assertThat(sent(frame).checksumVerifies()).isFalse();
  }

  @Test
  void gue_paddedFrame_keepsPadding() {
    serveByGue(tcp(VIP4, 443), NO_FLAGS, BACKEND4);
    byte[] padded = Arrays.copyOf(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame(), 60);
    byte[] sent = dataplane.program().run(padded).frame();
    assertThat(sent).hasSize(60 + 28);
    assertThat(Gue.read(Encapsulated.read(Arrays.copyOf(sent, 54 + 28))).checksumVerifies())
        .isTrue();
  }

  @Test
  void gue_unhashedFields_areNotInSourcePort() {
    serveByGue(tcp(VIP4, 443), VipFlags.HASH_NO_SOURCE_PORT, BACKEND4);
    assertThat(sent(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame()).sourcePort())
        .isEqualTo(100 << 8 | 7);

    serveByGue(tcp(VIP4, 443), VipFlags.HASH_DESTINATION_PORT_ONLY, BACKEND4);
    assertThat(sent(Packet.tcp(CLIENT4, 0x1234, VIP4, 443).frame()).sourcePort()).isEqualTo(0x3412);
  }

  @Test
  void forward_mixedEncapsulations_usesEachBackendsOwn() {
    serveByMany(tcp(VIP4, 443), 0, NO_FLAGS, 2);
    dataplane.backends().put(2, new BackendEntry(address("10.0.0.2"), Forwarding.gue(), HOP));
    Set<String> seen = new HashSet<>();
    for (int port = 1024; port < 1074; port++) {
      Encapsulated outer = forwarded(Packet.tcp(CLIENT4, port, VIP4, 443).frame());
      seen.add(outer.destination().getHostAddress() + " " + outer.protocol());
    }
    assertThat(seen).containsExactlyInAnyOrder("10.0.0.1 4", "10.0.0.2 17");
  }

  @Test
  void put_backendChangesEncapsulation_takesEffect() {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).frame();
    assertThat(forwarded(frame).protocol()).isEqualTo(4);

    dataplane.backends().put(1, new BackendEntry(address(BACKEND4), Forwarding.gue(), HOP));
    assertThat(forwarded(frame).protocol()).isEqualTo(17);

    dataplane.backends().put(1, new BackendEntry(address(BACKEND4), Forwarding.ipip(), HOP));
    assertThat(forwarded(frame).protocol()).isEqualTo(4);
  }
}
