package dev.katran.packets;

import java.util.List;

/**
 * What random frames are aimed at.
 *
 * @param vips destinations
 * @param clients sources
 * @param tunnelEnds outer destinations of tunnels
 * @param ports sources and destinations
 * @param serverIds that connections name, from 1
 * @param guePort where tunnels of GUE come in
 * @param maxPacketSize the length of frames around which there shall be some
 */
public record Aims(
    AddressPool vips,
    AddressPool clients,
    AddressPool tunnelEnds,
    List<Integer> ports,
    List<Integer> serverIds,
    int guePort,
    int maxPacketSize) {

  /** A port of the pool, or any other. */
  int port(Dice dice) {
    return dice.oneIn(8) ? dice.bits(16) : dice.pick(ports);
  }

  /** A server id of the pool, or none, or any other, or what can be none. */
  int serverId(Dice dice) {
    return switch (dice.below(10)) {
      case 0 -> dice.bits(dice.pick(8, 16, 24, 32));
      case 1 -> dice.pick(0, 0, 1 << 31, -1, Integer.MAX_VALUE, 0xffffff, 0xffff);
      default -> dice.pick(serverIds);
    };
  }
}
