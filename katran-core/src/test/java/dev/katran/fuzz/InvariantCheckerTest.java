package dev.katran.fuzz;

import static dev.katran.fuzz.InvariantFixture.BALANCED_END;
import static dev.katran.fuzz.InvariantFixture.CLIENT;
import static dev.katran.fuzz.InvariantFixture.CLIENT_V6;
import static dev.katran.fuzz.InvariantFixture.CONFIG;
import static dev.katran.fuzz.InvariantFixture.EGRESS_END;
import static dev.katran.fuzz.InvariantFixture.HOST;
import static dev.katran.fuzz.InvariantFixture.IPV4;
import static dev.katran.fuzz.InvariantFixture.IPV6;
import static dev.katran.fuzz.InvariantFixture.OUTER;
import static dev.katran.fuzz.InvariantFixture.VIP;
import static dev.katran.fuzz.InvariantFixture.VIP_V6;
import static dev.katran.fuzz.InvariantFixture.big;
import static dev.katran.fuzz.InvariantFixture.check;
import static dev.katran.fuzz.InvariantFixture.correct;
import static dev.katran.fuzz.InvariantFixture.error;
import static dev.katran.fuzz.InvariantFixture.fragment;
import static dev.katran.fuzz.InvariantFixture.inner;
import static dev.katran.fuzz.InvariantFixture.ping;
import static dev.katran.fuzz.InvariantFixture.run;
import static dev.katran.fuzz.InvariantFixture.tcp;
import static dev.katran.fuzz.InvariantFixture.tcpV6;
import static dev.katran.fuzz.InvariantFixture.tunnel;
import static dev.katran.fuzz.InvariantFixture.udp;
import static dev.katran.fuzz.InvariantFixture.with;
import static dev.katran.fuzz.InvariantFixture.withMac;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Simulation;
import dev.katran.TrafficClass;
import dev.katran.Verdict;
import dev.katran.fuzz.invariants.Broken;
import dev.katran.fuzz.invariants.Invariant;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.net.MacAddress;
import dev.katran.packets.Packet;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Breaks each invariant on purpose: a checker that cannot fail proves nothing. */
class InvariantCheckerTest {

  private static List<Invariant> broken(byte[] frame, Verdict verdict, byte[] after) {
    return check(CONFIG, frame, new Simulation(verdict, after)).stream()
        .map(Broken::invariant)
        .distinct()
        .toList();
  }

  /** Runs a frame that must be sent, changes what was sent, and returns what that breaks. */
  private static List<Invariant> changed(byte[] frame, Consumer<byte[]> change) {
    byte[] sent = sent(frame);
    change.accept(sent);
    return broken(frame, Verdict.TX, sent);
  }

  private static byte[] sent(byte[] frame) {
    Simulation result = run(CONFIG, frame);
    assertThat(result.verdict()).isEqualTo(Verdict.TX);
    return result.frame();
  }

  private static Consumer<byte[]> flip(int at, int bits) {
    return sent -> sent[at] ^= (byte) bits;
  }

  /** Changes the outer IPv4 header and makes its checksum right again. */
  private static Consumer<byte[]> flipOuter(int at, int bits) {
    return sent -> {
      sent[OUTER + at] ^= (byte) bits;
      correct(sent, OUTER);
    };
  }

  static Stream<byte[]> soundFrames() {
    return Stream.of(
        tcp(1),
        tcp(2),
        tcp(3),
        tcp(4),
        tcpV6(1),
        tcpV6(2),
        tcpV6(3),
        tcpV6(4),
        udp(3),
        udp(4),
        Packet.udp(CLIENT, 1, VIP, 4000).trafficClass(0xbb).payload(9).frame(),
        Packet.udp(CLIENT, 1, VIP, 4000).payload(9).frameWithoutUdpChecksum(),
        Arrays.copyOf(Packet.udp(CLIENT, 1, VIP, 2000).frame(), 60),
        ping(),
        Packet.echoRequest(CLIENT_V6, VIP_V6).frame(),
        Packet.echoRequest(CLIENT, HOST).frame(),
        big(),
        Packet.tcp(CLIENT_V6, 1, VIP_V6, 2000).payload(1480).frame(),
        tunnel(BALANCED_END, 0, inner()),
        tunnel(EGRESS_END, 0, inner()),
        tunnel(HOST, 0, inner()),
        tunnel(BALANCED_END, 0, inner().ttl(1)),
        Packet.tcp(CLIENT, 1, HOST, 22).frame(),
        Packet.tcp(CLIENT, 1, VIP, 22).frame(),
        Packet.frame(0x0806, new byte[28]),
        error(3, 1, CLIENT).frame(),
        Arrays.copyOf(tcp(2), 30));
  }

  @ParameterizedTest
  @MethodSource("soundFrames")
  void check_resultOfTheDataplane_nothingIsBroken(byte[] frame) {
    assertThat(check(CONFIG, frame, run(CONFIG, frame))).isEmpty();
  }

  @Test
  void check_outerIpv4Header_isCaught() {
    assertThat(changed(tcp(2), flip(OUTER + 10, 1))).containsExactly(Invariant.CHECKSUMS);
    assertThat(changed(tcp(2), flipOuter(8, 1))).containsExactly(Invariant.OUTER_HEADER);
    assertThat(changed(tcp(2), flipOuter(5, 1))).containsExactly(Invariant.OUTER_HEADER);
    assertThat(changed(tcp(2), flipOuter(12, 1))).containsExactly(Invariant.OUTER_HEADER);
    assertThat(changed(tcp(2), flipOuter(9, 1))).containsExactly(Invariant.OUTER_HEADER);
    assertThat(changed(tcp(2), flipOuter(1, 4))).containsExactly(Invariant.OUTER_HEADER);
    assertThat(changed(tcp(2), flipOuter(1, 1))).containsExactly(Invariant.ECN);
    assertThat(changed(tcp(2), flipOuter(3, 1))).containsExactly(Invariant.LENGTHS);
  }

  @Test
  void check_outerIpv6Header_isCaught() {
    assertThat(changed(tcp(1), flip(OUTER + 7, 1))).containsExactly(Invariant.OUTER_HEADER);
    assertThat(changed(tcp(1), flip(OUTER + 3, 1))).containsExactly(Invariant.OUTER_HEADER);
    assertThat(changed(tcp(1), flip(OUTER + 8, 1))).containsExactly(Invariant.OUTER_HEADER);
    assertThat(changed(tcp(1), flip(OUTER + 1, 0x10))).containsExactly(Invariant.ECN);
    assertThat(changed(tcp(1), flip(OUTER + 5, 1))).containsExactly(Invariant.LENGTHS);
  }

  @Test
  void check_garbageBehindThePacket_isCaught() {
    byte[] sent = sent(tcp(2));
    assertThat(broken(tcp(2), Verdict.TX, Arrays.copyOf(sent, sent.length + 1)))
        .containsExactly(Invariant.LENGTHS);
    assertThat(broken(tcp(2), Verdict.TX, Arrays.copyOf(sent, sent.length - 1)))
        .containsExactly(Invariant.LENGTHS);
    assertThat(broken(tcp(2), Verdict.TX, new byte[13])).containsExactly(Invariant.LENGTHS);
  }

  @Test
  void check_innerByte_isCaught() {
    int inner = OUTER + IPV4;
    assertThat(changed(tcp(2), flip(inner + 8, 1))).contains(Invariant.PAYLOAD);
    assertThat(changed(tcp(2), flip(inner + IPV4 + 4, 1))).containsExactly(Invariant.PAYLOAD);
    assertThat(changed(tcpV6(1), flip(OUTER + IPV6 + IPV6 + 20, 1)))
        .containsExactly(Invariant.PAYLOAD);
  }

  @Test
  void check_macAddress_isCaught() {
    assertThat(changed(tcp(2), flip(0, 2))).containsExactly(Invariant.DESTINATION_MAC);
    assertThat(changed(tcp(2), flip(11, 2))).containsExactly(Invariant.SOURCE_MAC);
    assertThat(changed(tcp(2), flip(6, 1))).containsExactly(Invariant.SOURCE_MAC);
    assertThat(changed(tcp(3), flip(11, 2))).containsExactly(Invariant.SOURCE_MAC);
    assertThat(changed(ping(), flip(0, 2))).containsExactly(Invariant.DESTINATION_MAC);
    assertThat(changed(ping(), flip(11, 2))).containsExactly(Invariant.SOURCE_MAC);
  }

  @Test
  void check_backend_isCaught() {
    int lastByte = 19;
    // 10.0.0.4 is a backend of another VIP, 10.0.0.3 of none
    assertThat(changed(tcp(2), flipOuter(lastByte, 0b110))).contains(Invariant.BACKEND);
    assertThat(changed(tcp(2), flipOuter(lastByte, 1))).containsExactly(Invariant.BACKEND);
    // fc00::5 has no next hop, fc00::3 is a backend of another VIP
    assertThat(changed(tcp(1), flip(OUTER + 39, 0b100))).containsExactly(Invariant.BACKEND);
    assertThat(changed(tcp(1), flip(OUTER + 39, 0b010))).contains(Invariant.BACKEND);
  }

  @Test
  void check_gueHeader_isCaught() {
    int udp = OUTER + IPV4;
    assertThat(changed(udp(4), flip(udp + 6, 1))).containsExactly(Invariant.CHECKSUMS);
    assertThat(changed(tcp(4), flip(udp + 6, 1))).containsExactly(Invariant.CHECKSUMS);
    assertThat(changed(tcpV6(4), flip(udp + 6, 1))).containsExactly(Invariant.CHECKSUMS);
    assertThat(changed(tcp(3), flip(OUTER + IPV6 + 6, 1))).containsExactly(Invariant.CHECKSUMS);
    assertThat(changed(udp(4), flip(udp + 1, 1))).containsExactly(Invariant.CHECKSUMS);
    assertThat(changed(udp(4), sent -> Arrays.fill(sent, udp + 6, udp + 8, (byte) 0)))
        .containsExactly(Invariant.CHECKSUMS);
    assertThat(changed(udp(4), flip(udp + 5, 1))).contains(Invariant.LENGTHS);
    assertThat(changed(udp(4), flip(udp + 3, 1))).containsExactly(Invariant.OUTER_HEADER);
    assertThat(changed(error(3, 1, CLIENT).frame(), flip(OUTER + 10, 1)))
        .containsExactly(Invariant.CHECKSUMS);
  }

  @Test
  void check_echoReply_isCaught() {
    int icmp = OUTER + IPV4;
    assertThat(changed(ping(), flip(icmp + 2, 1))).containsExactly(Invariant.CHECKSUMS);
    assertThat(changed(ping(), flip(OUTER + 10, 1))).containsExactly(Invariant.CHECKSUMS);
    assertThat(changed(ping(), flip(icmp + 8, 1))).contains(Invariant.PAYLOAD);
    assertThat(changed(ping(), flipOuter(8, 1))).containsExactly(Invariant.PAYLOAD);
    assertThat(changed(ping(), flipOuter(3, 1))).containsExactly(Invariant.LENGTHS);
    byte[] request = Packet.echoRequest(CLIENT_V6, VIP_V6).frame();
    assertThat(changed(request, flip(OUTER + IPV6 + 2, 1))).containsExactly(Invariant.CHECKSUMS);
    byte[] other = Packet.echoRequest(CLIENT, HOST).frame();
    assertThat(broken(other, Verdict.TX, sent(ping()))).contains(Invariant.ECHO_REPLY);
  }

  @ParameterizedTest
  @MethodSource("sourcesWithoutAnswer")
  void check_answerToSourceThatGetsNone_isCaught(String source) {
    boolean isIpv6 = source.contains(":");
    byte[] request = Packet.echoRequest(source, isIpv6 ? VIP_V6 : VIP).frame();
    assertThat(broken(request, Verdict.TX, sent(isIpv6 ? tcpV6(2) : ping())))
        .contains(Invariant.ECHO_REPLY);
  }

  static Stream<String> sourcesWithoutAnswer() {
    return Stream.of(
        "0.0.0.0",
        "127.0.0.1",
        "127.9.9.9",
        "224.0.0.1",
        "239.1.2.3",
        "255.255.255.255",
        VIP,
        "::",
        "::1",
        "ff02::1",
        VIP_V6);
  }

  @Test
  void check_tooBig_isCaught() {
    int icmp = OUTER + IPV4;
    assertThat(changed(big(), flip(icmp + 2, 1))).containsExactly(Invariant.CHECKSUMS);
    assertThat(changed(big(), flip(icmp + 7, 1))).contains(Invariant.TOO_BIG);
    assertThat(changed(big(), flip(icmp + 1, 1))).contains(Invariant.TOO_BIG);
    assertThat(changed(big(), flip(icmp + 8 + 30, 1))).contains(Invariant.PAYLOAD);
    assertThat(changed(big(), flipOuter(16, 1))).containsExactly(Invariant.TOO_BIG);
    assertThat(changed(big(), flipOuter(8, 1))).containsExactly(Invariant.OUTER_HEADER);
    byte[] answer = sent(big());
    assertThat(broken(big(), Verdict.TX, Arrays.copyOf(answer, answer.length + 1)))
        .containsExactly(Invariant.LENGTHS);
    byte[] toGroup = Packet.tcp("224.0.0.1", 1, VIP, 2000).payload(1480).frame();
    assertThat(broken(toGroup, Verdict.TX, answer)).contains(Invariant.TOO_BIG);
    byte[] toHost = Packet.tcp(CLIENT, 1, HOST, 2000).payload(1480).frame();
    assertThat(broken(toHost, Verdict.TX, answer)).contains(Invariant.TOO_BIG);
    DataplaneConfig silent = CONFIG.with(c -> c.sendPacketTooBig = false);
    assertThat(check(silent, big(), new Simulation(Verdict.TX, answer)))
        .extracting(Broken::invariant)
        .containsExactly(Invariant.TOO_BIG);
  }

  @Test
  void check_tooBigV6WithSmallMtu_isCaught() {
    DataplaneConfig small = CONFIG.with(c -> c.limits = CONFIG.limits().maxPacketSize(590));
    byte[] frame = Packet.tcp(CLIENT_V6, 1, VIP_V6, 2000).payload(600).frame();
    byte[] answer = sent(Packet.tcp(CLIENT_V6, 1, VIP_V6, 2000).payload(1480).frame());
    ByteBuffer.wrap(answer).putInt(OUTER + IPV6 + 4, 576);
    assertThat(check(small, frame, new Simulation(Verdict.TX, answer)))
        .extracting(Broken::invariant)
        .contains(Invariant.TOO_BIG);
  }

  @Test
  void check_forwardedThoughTooBig_isCaught() {
    assertThat(broken(big(), Verdict.TX, sent(tcp(2)))).contains(Invariant.TOO_BIG);
  }

  @Test
  void check_unsentFrameThatChanged_isCaught() {
    byte[] host = Packet.tcp(CLIENT, 1, HOST, 22).frame();
    byte[] cut = Arrays.copyOf(tcp(2), 40);
    byte[] fragment = fragment(tcp(2), 1);
    assertThat(broken(host, Verdict.PASS, with(host, 30, 99))).containsExactly(Invariant.UNCHANGED);
    assertThat(broken(fragment, Verdict.DROP, with(fragment, 30, 99)))
        .containsExactly(Invariant.UNCHANGED);
    assertThat(broken(cut, Verdict.PASS, with(cut, 30, 99))).containsExactly(Invariant.WELL_FORMED);
  }

  @Test
  void check_hostTrafficDropped_isCaught() {
    byte[] arp = Packet.frame(0x0806, new byte[28]);
    byte[] fragment = fragment(Packet.udp(CLIENT, 1, HOST, 53).payload(30).frame(), 100);
    for (byte[] frame : List.of(arp, Packet.of(CLIENT, HOST, 2).frame(), fragment)) {
      assertThat(broken(frame, Verdict.DROP, frame)).containsExactly(Invariant.HOST_TRAFFIC);
      assertThat(broken(frame, Verdict.PASS, frame)).isEmpty();
    }
  }

  @Test
  void check_groupMac_onlyPassesUnchanged() {
    byte[] frame = withMac(tcp(2), "ffffffffffff");
    assertThat(broken(frame, Verdict.TX, sent(tcp(2)))).containsExactly(Invariant.GROUP_MAC);
    assertThat(broken(frame, Verdict.DROP, frame)).containsExactly(Invariant.GROUP_MAC);
    assertThat(broken(frame, Verdict.PASS, frame)).isEmpty();
  }

  @Test
  void check_frameToForeignMacSent_isCaught() {
    DataplaneConfig own =
        CONFIG.with(c ->
            c.own = new DataplaneConfig.OwnInterface(1, MacAddress.parse("02:00:00:00:00:77")));
    byte[] frame = tcp(2);
    assertThat(check(own, frame, new Simulation(Verdict.TX, sent(frame))))
        .extracting(Broken::invariant)
        .containsExactly(Invariant.FOREIGN_MAC);
    assertThat(check(own, frame, new Simulation(Verdict.PASS, frame))).isEmpty();
  }

  @Test
  void check_dontFragmentNotCopied_isCaught() {
    DataplaneConfig copying = CONFIG.with(c -> c.copyDontFragment = true);
    byte[] frame = with(tcp(2), OUTER + 6, 0x40);
    correct(frame, OUTER);
    assertThat(check(copying, frame, new Simulation(Verdict.TX, sent(frame))))
        .extracting(Broken::invariant)
        .containsExactly(Invariant.OUTER_HEADER);
  }

  @Test
  void check_malformedPacketSent_isCaught() {
    byte[] frame = tcp(2);
    List<byte[]> malformed =
        List.of(
            with(frame, OUTER, 0x65),
            with(frame, OUTER + 3, 39),
            with(frame, OUTER + 3, 20),
            with(frame, OUTER + 3, 0),
            with(frame, OUTER + 2, 0xff),
            with(tcpV6(2), OUTER, 0x40),
            with(tcpV6(2), OUTER + 4, 0xff),
            Arrays.copyOf(frame, frame.length - 1));
    for (byte[] each : malformed) {
      assertThat(broken(each, Verdict.TX, sent(frame))).contains(Invariant.WELL_FORMED);
      assertThat(broken(each, Verdict.DROP, each)).isEmpty();
    }
  }

  @Test
  void check_packetOfNoVipForwarded_isCaught() {
    byte[] sent = sent(tcp(2));
    byte[] laterFragment = Packet.tcp(VIP, 2000, CLIENT, 1).frame();
    byte[] quoted = fragment(laterFragment, 100);
    List<byte[]> frames =
        List.of(
            fragment(tcp(2), 0x2000),
            fragment(tcp(2), 100),
            Packet.tcp(CLIENT, 1, VIP, 22).frame(),
            Packet.of(CLIENT, VIP, 47).frame(),
            Packet.icmp(CLIENT, VIP, 5, 0).payload(inner().ip()).frame(),
            // an error about a later fragment, and one that was sent to another than the quoted
            Packet.icmp(CLIENT, VIP, 3, 1)
                .payload(Arrays.copyOfRange(quoted, OUTER, quoted.length))
                .frame(),
            Packet.icmp(CLIENT, VIP, 3, 1).payload(inner().ip()).frame());
    for (byte[] frame : frames) {
      assertThat(broken(frame, Verdict.TX, sent)).contains(Invariant.FORWARDED);
    }
  }

  @Test
  void check_decapsulation_isCaught() {
    byte[] frame = tunnel(BALANCED_END, 0, inner());
    byte[] egress = tunnel(EGRESS_END, 0, inner());
    byte[] unlisted = tunnel(HOST, 0, inner());
    byte[] expired = tunnel(EGRESS_END, 0, inner().ttl(1));
    // the TTL of the inner packet, with and without a right checksum
    assertThat(changed(egress, flip(OUTER + 8, 1)))
        .containsExactly(Invariant.PAYLOAD, Invariant.CHECKSUMS);
    assertThat(changed(egress, flip(OUTER + 10, 1))).containsExactly(Invariant.CHECKSUMS);
    assertThat(changed(frame, flip(OUTER + IPV4 + 8, 1)))
        .containsExactly(Invariant.CHECKSUMS, Invariant.PAYLOAD);
    assertThat(broken(egress, Verdict.PASS, egress)).containsExactly(Invariant.DECAPSULATION);
    assertThat(broken(unlisted, Verdict.PASS, inner().ttl(59).frame()))
        .containsExactly(Invariant.UNCHANGED);
    assertThat(broken(unlisted, Verdict.TX, sent(egress))).containsExactly(Invariant.DECAPSULATION);
    assertThat(broken(expired, Verdict.TX, sent(egress))).containsExactly(Invariant.DECAPSULATION);
    assertThat(broken(expired, Verdict.PASS, expired)).containsExactly(Invariant.DECAPSULATION);
  }

  @Test
  void check_congestionMarkInTunnel_mustSurvive() {
    byte[] marked = tunnel(EGRESS_END, 3, inner().trafficClass(2));
    byte[] unaware = tunnel(EGRESS_END, 3, inner());
    byte[] kept = sent(tunnel(EGRESS_END, 0, inner().trafficClass(3)));
    byte[] lost = sent(tunnel(EGRESS_END, 0, inner().trafficClass(2)));
    assertThat(broken(marked, Verdict.TX, kept)).isEmpty();
    assertThat(broken(marked, Verdict.TX, lost)).containsExactly(Invariant.ECN);
    assertThat(broken(unaware, Verdict.TX, sent(tunnel(EGRESS_END, 0, inner()))))
        .containsExactly(Invariant.ECN);
    assertThat(broken(unaware, Verdict.DROP, unaware)).isEmpty();
  }

  @Test
  void check_fixedTrafficClass_inventsNoCongestion() {
    byte[] frame = tcp(2);
    DataplaneConfig fixed = CONFIG.with(c -> c.trafficClass = TrafficClass.fixed(0xb8));
    DataplaneConfig congested = CONFIG.with(c -> c.trafficClass = TrafficClass.fixed(0xbb));
    byte[] sent = run(fixed, frame).frame();
    assertThat(check(fixed, frame, new Simulation(Verdict.TX, sent))).isEmpty();
    flipOuter(1, 3).accept(sent);
    assertThat(check(congested, frame, new Simulation(Verdict.TX, sent)))
        .extracting(Broken::invariant)
        .containsExactly(Invariant.ECN);
  }
}
