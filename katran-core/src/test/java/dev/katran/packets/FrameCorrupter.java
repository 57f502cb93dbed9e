package dev.katran.packets;

import java.util.Arrays;

/** Corrupts, truncates and pads random frames. */
final class FrameCorrupter {

  private static final int ETHERNET = 14;

  /** The bytes that hold headers, including those of packets in tunnels. */
  private static final int HEADERS = 160;

  private final Dice dice;

  FrameCorrupter(Dice dice) {
    this.dice = dice;
  }

  /** Returns the frame, sometimes corrupted. May modify the argument. */
  byte[] maybeCorrupt(byte[] frame) {
    return switch (dice.below(24)) {
      case 0 -> withFlippedBits(frame, HEADERS);
      case 1 -> withFlippedBits(frame, 60);
      case 2 -> withRandomBytes(frame);
      case 3, 4 -> Arrays.copyOf(frame, dice.between(ETHERNET, frame.length));
      case 5 -> Arrays.copyOf(frame, dice.between(ETHERNET, Math.min(frame.length, HEADERS)));
      case 6 -> Arrays.copyOf(frame, frame.length + dice.below(60));
      default -> frame;
    };
  }

  private byte[] withFlippedBits(byte[] frame, int before) {
    for (int i = dice.between(1, 4); i > 0; i--) {
      frame[position(frame, before)] ^= (byte) (1 << dice.below(8));
    }
    return frame;
  }

  private byte[] withRandomBytes(byte[] frame) {
    for (int i = dice.between(1, 4); i > 0; i--) {
      frame[position(frame, HEADERS)] = (byte) dice.pick(0, 0xff, dice.bits(8));
    }
    return frame;
  }

  /** Returns a random position after the MAC addresses, which do not affect parsing. */
  private int position(byte[] frame, int before) {
    return dice.between(ETHERNET - 2, Math.min(frame.length, before) - 1);
  }
}
