package dev.katran.packets;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/** Generates random frames, valid and malformed. The same dice give the same frames. */
public final class FrameGenerator {

  private static final int ETHERNET = 14;
  private static final int SHORTEST = ETHERNET;
  private static final int LONGEST = 3520;

  private static final int IPV4 = 0x0800;
  private static final int IPV6 = 0x86dd;

  private static final byte[] MACS = Hex.decode(Packet.BALANCER_MAC + Packet.CLIENT_MAC);

  /** Broadcast, IPv4 multicast (RFC 1112), IPv6 multicast (RFC 2464), spanning tree. */
  private static final List<byte[]> GROUPS =
      Stream.of("ffffffffffff", "01005e000016", "333300000001", "0180c2000000")
          .map(Hex::decode)
          .toList();

  private final Dice dice;
  private final Aims aims;
  private final int tunnelled;
  private final PacketGenerator packets;
  private final TunnelGenerator tunnels;
  private final FrameCorrupter corrupter;

  /**
   * Creates a generator.
   *
   * @param tunnelled the percentage of frames that hold a tunnelled packet
   */
  public FrameGenerator(Dice dice, Aims aims, int tunnelled) {
    this.dice = dice;
    this.aims = aims;
    this.tunnelled = tunnelled;
    IpGenerator ip = new IpGenerator(dice);
    UdpGenerator udp = new UdpGenerator(dice, aims, ip);
    this.packets = new PacketGenerator(dice, aims, ip, udp);
    this.tunnels = new TunnelGenerator(dice, aims, ip, udp);
    this.corrupter = new FrameCorrupter(dice);
  }

  /** Returns the next frame of 14 to 3520 bytes. */
  public byte[] next() {
    byte[] frame = corrupter.maybeCorrupt(intactFrame());
    if (frame.length > LONGEST) {
      return Arrays.copyOf(frame, LONGEST);
    }
    return frame.length < SHORTEST ? Arrays.copyOf(frame, SHORTEST) : frame;
  }

  private byte[] intactFrame() {
    boolean isIpv6 = dice.coin();
    byte[] packet = packets.packet(isIpv6, length());
    if (dice.below(100) < tunnelled) {
      boolean outermostIsIpv6 = dice.coin();
      packet = tunnels.wrap(packet, isIpv6, outermostIsIpv6);
      isIpv6 = outermostIsIpv6;
    }
    return frame(isIpv6 ? IPV6 : IPV4, packet);
  }

  /** Returns the minimum length of the packet, which is usually 0. */
  private int length() {
    int limit = aims.maxPacketSize() - ETHERNET;
    return switch (dice.below(100)) {
      case 0 -> dice.below(LONGEST);
      case 1, 2, 3 -> limit + dice.between(-2, 2);
      case 4 -> limit - dice.below(100);
      case 5 -> limit + dice.below(100);
      default -> 0;
    };
  }

  /** Returns random addresses, a few of them of groups. */
  private byte[] otherMacs() {
    byte[] macs = dice.bytes(MACS.length);
    macs[0] &= ~1;
    if (dice.oneIn(4)) {
      ByteBuffer.wrap(macs).put(dice.coin() ? dice.pick(GROUPS) : dice.bytes(1));
    }
    return macs;
  }

  private byte[] frame(int type, byte[] packet) {
    boolean isVlan = dice.oneIn(150);
    int etherType = dice.oneIn(150) ? dice.pick(0x0806, 0x88cc, IPV4, IPV6, dice.bits(16)) : type;
    ByteBuffer frame = ByteBuffer.allocate(ETHERNET + (isVlan ? 4 : 0) + packet.length).put(MACS);
    if (dice.oneIn(8)) {
      frame.put(0, otherMacs());
    }
    if (isVlan) {
      frame.putShort((short) dice.pick(0x8100, 0x88a8)).putShort((short) dice.bits(16));
    }
    return frame.putShort((short) etherType).put(packet).array();
  }
}
