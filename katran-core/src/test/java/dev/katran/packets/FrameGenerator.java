package dev.katran.packets;

import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * Frames of all kinds, for and not for some VIPs; many of them damaged. The same seed gives the
 * same frames.
 */
public final class FrameGenerator {

  private static final int LONGEST = 3520;

  private final Random random;
  private final List<String> vips;
  private final List<Integer> ports;

  /**
   * A generator.
   *
   * @param vips addresses that most of the frames are for
   * @param ports that most of the frames are for
   */
  public FrameGenerator(long seed, List<String> vips, List<Integer> ports) {
    this.random = new Random(seed);
    this.vips = vips;
    this.ports = ports;
  }

  /** The next frame. */
  public byte[] next() {
    Packet packet = packet();
    byte[] frame =
        packet.isUdp() && random.nextInt(4) == 0
            ? packet.frameWithoutUdpChecksum()
            : packet.frame();
    return switch (random.nextInt(8)) {
      case 0 -> withRandomBytes(frame, Math.min(frame.length, 110));
      case 1 -> withRandomBytes(frame, Math.min(frame.length, 40));
      case 2 -> Arrays.copyOf(frame, 14 + random.nextInt(frame.length - 13));
      case 3 -> Arrays.copyOf(frame, Math.min(LONGEST, frame.length + random.nextInt(60)));
      default -> frame;
    };
  }

  private Packet packet() {
    String vip = pick(vips);
    boolean isIpv6 = vip.contains(":");
    String client = address(isIpv6);
    Packet packet =
        switch (random.nextInt(8)) {
          case 0 -> Packet.echoRequest(client, vip);
          case 1 -> Packet.icmp(client, vip, icmpType(isIpv6), random.nextInt(16));
          case 2 -> error(isIpv6, client, vip);
          case 3 -> Packet.of(client, vip, random.nextInt(256));
          case 4, 5 -> Packet.udp(client, port(), vip, port());
          default -> Packet.tcp(client, port(), vip, port());
        };
    packet = packet.trafficClass(random.nextInt(256)).ttl(random.nextInt(256));
    // an error has its payload, and most packets shall be small
    return switch (random.nextInt(12)) {
      case 0 -> packet.payload(random.nextInt(3300));
      case 1 -> packet.payload(1380 + random.nextInt(130));
      case 2, 3, 4 -> packet.payload(random.nextInt(100));
      default -> packet;
    };
  }

  private Packet error(boolean isIpv6, String client, String vip) {
    Packet quoted =
        switch (random.nextInt(4)) {
          case 0 -> Packet.udp(vip, port(), client, port());
          case 1 -> Packet.of(vip, client, random.nextInt(256));
          default -> Packet.tcp(vip, port(), client, port());
        };
    int type = isIpv6 ? 1 + random.nextInt(2) : 3;
    byte[] all = quoted.payload(random.nextInt(30)).ip();
    byte[] part = random.nextInt(4) == 0 ? Arrays.copyOf(all, random.nextInt(all.length)) : all;
    return Packet.icmp(address(isIpv6), vip, type, random.nextInt(16)).payload(part);
  }

  private int icmpType(boolean isIpv6) {
    return isIpv6 && random.nextBoolean() ? 128 + random.nextInt(10) : random.nextInt(14);
  }

  private int port() {
    return random.nextInt(3) == 0 ? random.nextInt(0x10000) : pick(ports);
  }

  private String address(boolean isIpv6) {
    if (random.nextInt(20) == 0) {
      return pick(vips.stream().filter(vip -> vip.contains(":") == isIpv6).toList());
    }
    return isIpv6
        ? "2001:db8:%x::%x:%x"
            .formatted(random.nextInt(0x10000), random.nextInt(0x10000), 1 + random.nextInt(0xffff))
        : "198.%d.%d.%d".formatted(random.nextInt(256), random.nextInt(256), random.nextInt(256));
  }

  private byte[] withRandomBytes(byte[] frame, int before) {
    for (int i = 1 + random.nextInt(4); i > 0; i--) {
      int at = 12 + random.nextInt(before - 12);
      frame[at] =
          random.nextBoolean()
              ? (byte) random.nextInt()
              : (byte) (frame[at] ^ 1 << random.nextInt(8));
    }
    return frame;
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
