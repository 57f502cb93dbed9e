package dev.katran.packets;

import java.util.List;

/**
 * Addresses, ports and ids from which random frames are built.
 *
 * @param vips destination addresses
 * @param clients source addresses
 * @param tunnelEndpoints outer destinations of tunnels
 * @param ports source and destination ports
 * @param serverIds server ids in connection ids and TCP options, from 1
 * @param guePort the UDP port on which GUE packets arrive
 * @param maxPacketSize the largest frame size that the dataplane forwards; some frames are near it
 */
public record Aims(
    AddressPool vips,
    AddressPool clients,
    AddressPool tunnelEndpoints,
    List<Integer> ports,
    List<Integer> serverIds,
    int guePort,
    int maxPacketSize) {

  /** Returns a port of the pool, sometimes a random one. */
  int port(Dice dice) {
    return dice.oneIn(8) ? dice.bits(16) : dice.pick(ports);
  }

  /** Returns a server id of the pool, sometimes a random or invalid one. */
  int serverId(Dice dice) {
    return switch (dice.below(10)) {
      case 0 -> dice.bits(dice.pick(8, 16, 24, 32));
      case 1 -> dice.pick(0, 0, 1 << 31, -1, Integer.MAX_VALUE, 0xffffff, 0xffff);
      default -> dice.pick(serverIds);
    };
  }
}
