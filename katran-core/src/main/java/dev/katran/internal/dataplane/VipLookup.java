package dev.katran.internal.dataplane;

import org.jspecify.annotations.Nullable;

/**
 * The order in which VIPs match a packet: first the packet's port, then VIPs that cover every port;
 * for each, single addresses before prefixes. Shared by the control plane and the in-memory
 * dataplane. The C counterpart is {@code vip.h}.
 */
public final class VipLookup {

  /** The port of a VIP that covers every port. */
  public static final int ANY_PORT = 0;

  private VipLookup() {}

  /**
   * The VIPs that may match a destination address and protocol.
   *
   * @param <V> the type of a VIP
   */
  public interface Candidates<V> {

    /** Returns the VIP of this single address with this port, or null. */
    @Nullable V byAddress(int port);

    /** Returns the VIP of the longest prefix that contains the address with this port, or null. */
    @Nullable V byPrefix(int port);
  }

  /**
   * A matching VIP.
   *
   * @param vip the VIP
   * @param isExact whether the VIP has the packet's own address and port. Otherwise the destination
   *     port is not hashed unless a flag requires it
   */
  public record Match<V>(V vip, boolean isExact) {}

  /** Returns the first match, or null if no VIP matches. */
  public static <V> @Nullable Match<V> find(Candidates<V> candidates, int destinationPort) {
    V exact = candidates.byAddress(destinationPort);
    if (exact != null) {
      return new Match<>(exact, true);
    }
    V found = candidates.byPrefix(destinationPort);
    if (found == null) {
      found = candidates.byAddress(ANY_PORT);
    }
    if (found == null) {
      found = candidates.byPrefix(ANY_PORT);
    }
    return found == null ? null : new Match<>(found, false);
  }
}
