package dev.katran.dataplane;

import java.net.InetAddress;

/**
 * The addresses that a VIP stands for.
 *
 * @param address the address, or the first one of the prefix
 * @param prefixLength bits of the prefix; {@link #ONE_ADDRESS} for an address that is no prefix,
 *     which is not the same as one of all bits: the program looks for it first
 */
public record Destination(InetAddress address, int prefixLength) {

  /** The length of what is no prefix. */
  public static final int ONE_ADDRESS = -1;

  /** One address. */
  public static Destination of(InetAddress address) {
    return new Destination(address, ONE_ADDRESS);
  }

  /** Whether it is a prefix. */
  public boolean isPrefix() {
    return prefixLength != ONE_ADDRESS;
  }
}
