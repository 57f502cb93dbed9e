package dev.katran.packets;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class FrameGeneratorTest {

  private static final int FRAMES = 20_000;

  private static final Aims AIMS =
      new Aims(
          pool("203.0.113.10", "2001:db8:5::10"),
          pool("198.51.100.7", "2001:db8:c::7"),
          pool("192.0.2.1", "2001:db8:e::1"),
          List.of(80, 443),
          List.of(1, 70_000),
          6080,
          1514);

  private static AddressPool pool(String... addresses) {
    return new AddressPool(Stream.of(addresses).map(InetAddresses::forString).toList());
  }

  private static FrameGenerator generator(long seed) {
    return new FrameGenerator(new Dice(seed), AIMS, 30);
  }

  @Test
  void next_sameSeed_givesSameFrames() {
    FrameGenerator frames = generator(1);
    FrameGenerator again = generator(1);
    for (int i = 0; i < FRAMES; i++) {
      assertThat(again.next()).isEqualTo(frames.next());
    }
  }

  @Test
  void next_otherSeed_givesOtherFrames() {
    assertThat(generator(1).next()).isNotEqualTo(generator(2).next());
  }

  @Test
  void next_length_isWithinDataplaneLimits() {
    FrameGenerator frames = generator(2);
    for (int i = 0; i < FRAMES; i++) {
      assertThat(frames.next()).hasSizeBetween(14, 3520);
    }
  }

  @Test
  void next_manyFrames_someAreNearMaxPacketSize() {
    FrameGenerator frames = generator(3);
    Set<Integer> lengths = new HashSet<>();
    for (int i = 0; i < FRAMES; i++) {
      lengths.add(frames.next().length);
    }
    assertThat(lengths).contains(1513, 1514, 1515);
  }

  @Test
  void next_manyFrames_everyKindIsAmongThem() {
    Map<String, Predicate<String>> kinds =
        Map.ofEntries(
            kind("broadcast", "ffffffffffff.*"),
            kind("multicast", "(01005e|3333).*"),
            kind("IPv4 of another version", ".{24}08006.*"),
            kind("IPv6 of another version", ".{24}86dd4.*"),
            kind("total length 39", ".{24}08004...0027.*"),
            kind("total length 65535", ".{24}08004...ffff.*"),
            kind("payload length above 65495", ".{24}86dd6.{7}fff[ef].*"),
            kind("UDP length 0", ".{24}080045.{16}11.{28}0000.*"),
            kind("later fragment", ".{24}080045.{10}00b9.*"),
            kind("router alert", ".{24}080046.{38}94040000.*"),
            kind("IPv6 fragment header", ".{24}86dd6.{11}2c.*"),
            kind("ICMP time exceeded", ".{24}080045.{16}01.{20}0b.*"),
            kind("ICMP parameter problem", ".{24}080045.{16}01.{20}0c.*"),
            kind("ICMPv6 time exceeded", ".{24}86dd6.{11}3a.{66}03.*"),
            kind("ICMPv6 parameter problem", ".{24}86dd6.{11}3a.{66}04.*"),
            kind("quoted IPv6 fragment header", ".{24}86dd6.{11}3a.{66}0[1-4].{14}6.{11}2c.*"),
            kind("quoted later fragment", ".{24}080045.{16}01.{20}03.{14}45.{10}00b9.*"),
            kind("source 0.0.0.0", ".{24}080045.{22}00000000.*"),
            kind("source 127.0.0.1", ".{24}080045.{22}7f000001.*"),
            kind("source 224.0.0.1", ".{24}080045.{22}e0000001.*"),
            kind("source 255.255.255.255", ".{24}080045.{22}ffffffff.*"),
            kind("source ::1", ".{24}86dd6.{15}0{31}1.*"),
            kind("source ff02::1", ".{24}86dd6.{15}ff02.*"),
            kind("QUIC version 1", ".{24}080045.{16}11.{36}[89a-f].00000001.*"),
            kind("QUIC version 2", ".{24}080045.{16}11.{36}[89a-f].6b3343cf.*"),
            kind("SYN", ".{24}080045.{16}06.{46}02.*"),
            kind("SYN and ACK", ".{24}080045.{16}06.{46}12.*"),
            kind("RST", ".{24}080045.{16}06.{46}04.*"),
            kind("congestion outside only", ".{24}080045.[37bf].{14}04.{20}45.[048c].*"),
            kind("congestion inside only", ".{24}080045.[048c].{14}04.{20}45.[37bf].*"));
    Set<String> missing = new HashSet<>(kinds.keySet());
    FrameGenerator frames = generator(5);
    for (int i = 0; i < 10 * FRAMES && !missing.isEmpty(); i++) {
      String frame = Hex.of(frames.next());
      missing.removeIf(kind -> kinds.get(kind).test(frame));
    }
    assertThat(missing).isEmpty();
  }

  private static Map.Entry<String, Predicate<String>> kind(String name, String hex) {
    return Map.entry(name, Pattern.compile(hex).asMatchPredicate());
  }

  @Test
  void next_manyFrames_mostHeadersAreValid() {
    FrameGenerator frames = generator(4);
    int ipv4 = 0;
    int valid = 0;
    for (int i = 0; i < FRAMES; i++) {
      ByteBuffer frame = ByteBuffer.wrap(frames.next());
      if (frame.limit() >= 34 && frame.getInt(12) >>> 8 == 0x080045) {
        ipv4++;
        valid += InternetChecksum.verifies(frame.slice(14, 20)) ? 1 : 0;
      }
    }
    assertThat(ipv4).isGreaterThan(FRAMES / 4);
    assertThat(valid).isBetween(ipv4 / 2, ipv4 - 1);
  }
}
