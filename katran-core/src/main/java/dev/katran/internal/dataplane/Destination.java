package dev.katran.internal.dataplane;

import dev.katran.Prefix;
import dev.katran.VipKey;
import java.net.InetAddress;

/**
 * The addresses that a VIP matches.
 *
 * @param address the address, or the first address of the prefix
 * @param prefixLength in bits, or {@link #ONE_ADDRESS} for a single address. A prefix of full
 *     length is different: single addresses take precedence over prefixes
 */
public record Destination(InetAddress address, int prefixLength) {

  /** The prefix length of a single address. */
  public static final int ONE_ADDRESS = -1;

  /** Creates a destination of a single address. */
  public static Destination of(InetAddress address) {
    return new Destination(address, ONE_ADDRESS);
  }

  /** Creates the destination of a VIP. */
  public static Destination of(VipKey key) {
    return new Destination(key.address(), key.prefix().map(Prefix::length).orElse(ONE_ADDRESS));
  }

  /** Returns whether this is a prefix. */
  public boolean isPrefix() {
    return prefixLength != ONE_ADDRESS;
  }
}
