package dev.katran.packets;

import java.net.InetAddress;
import java.util.List;

/** Addresses that frames are drawn from, so that they meet again. */
public final class AddressPool {

  private final List<byte[]> ipv4;
  private final List<byte[]> ipv6;

  /** A pool of both families: at least one address of each. */
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
      throw new IllegalArgumentException("no address of " + length + " bytes");
    }
    return bytes;
  }

  /** An address of the pool, or now and then one near it or far from it. */
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
