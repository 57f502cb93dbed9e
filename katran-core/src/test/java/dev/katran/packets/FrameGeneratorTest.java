package dev.katran.packets;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.net.InetAddresses;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
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
