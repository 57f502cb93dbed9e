package dev.katran.packets;

import java.net.InetAddress;
import java.util.List;

/** Addresses for random frames, few enough to recur. */
public final class AddressPool {

  private final List<byte[]> ipv4;
  private final List<byte[]> ipv6;

  /** Creates a pool, which needs at least one address of each family. */
  public AddressPool(List<InetAddress> addresses) {
    this.ipv4 = ofLength(addresses, 4);
    this.ipv6 = ofLength(addresses, 16);
  }

  private static List<byte[]> ofLength(List<InetAddress> addresses, int length) {
    List<byte[]> bytes =
        addresses.stream()
            .map(InetAddress::getAddress)
            .filter(address -> address.length == length)
            .toList();
    if (bytes.isEmpty()) {
      throw new IllegalArgumentException("the pool needs an address of %d bytes".formatted(length));
    }
    return bytes;
  }

  /** Returns an address of the pool, occasionally with a flipped bit, rarely a random one. */
  byte[] draw(Dice dice, boolean isIpv6) {
    byte[] address = dice.pick(isIpv6 ? ipv6 : ipv4).clone();
    if (dice.oneIn(64)) {
      return dice.bytes(address.length);
    }
    if (dice.oneIn(12)) {
      address[dice.below(address.length)] ^= (byte) (1 << dice.below(8));
    }
    return address;
  }
}
