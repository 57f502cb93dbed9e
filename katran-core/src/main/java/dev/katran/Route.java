package dev.katran;

import java.util.Optional;

/**
 * Where a flow goes, and why; see {@link LoadBalancer#route}.
 *
 * @param flow the flow that was asked about
 * @param reason why it goes there
 * @param vip the VIP that the flow is for; empty for {@link Reason#NO_VIP}
 * @param backend the backend that serves it; empty for {@link Reason#NO_VIP} and {@link
 *     Reason#EMPTY_RING}
 * @param slot the slot of the VIP's ring that the flow hashes to, whether it decides or not; -1 for
 *     {@link Reason#NO_VIP}
 */
public record Route(
    Flow flow, Reason reason, Optional<Vip> vip, Optional<Backend> backend, int slot) {

  /** Why a flow goes where it goes. */
  public enum Reason {
    /** The flow table remembers that it is at this backend. */
    FLOW_TABLE,
    /**
     * The slot has just got another backend, and the flow, of which nothing is known, may be older:
     * it stays at the previous one. Only for UDP; a TCP flow says when it begins.
     */
    PREVIOUS,
    /** A prefix of the client's address has this backend. */
    SOURCE_ROUTE,
    /** The VIP's ring names the backend. */
    RING,
    /** Nobody serves the VIP: its ring is empty, and the packets are dropped. */
    EMPTY_RING,
    /** No VIP has this destination: the packets pass to the host. */
    NO_VIP
  }

  static Route noVip(Flow flow) {
    return new Route(flow, Reason.NO_VIP, Optional.empty(), Optional.empty(), -1);
  }

  static Route emptyRing(Flow flow, Vip vip, int slot) {
    return new Route(flow, Reason.EMPTY_RING, Optional.of(vip), Optional.empty(), slot);
  }

  static Route to(Flow flow, Reason reason, Vip vip, int slot, Backend backend) {
    return new Route(flow, reason, Optional.of(vip), Optional.of(backend), slot);
  }

  @Override
  public String toString() {
    return switch (reason) {
      case NO_VIP -> flow + ": no VIP, passes to the host";
      case EMPTY_RING -> flow + ": " + vip.orElseThrow().key() + " has no backends, dropped";
      case RING -> "%s: %s, slot %d, to %s".formatted(flow, key(), slot, backend.orElseThrow());
      case PREVIOUS ->
          "%s: %s, slot %d, which is changing, still to %s"
              .formatted(flow, key(), slot, backend.orElseThrow());
      case SOURCE_ROUTE ->
          "%s: %s, by its source, to %s".formatted(flow, key(), backend.orElseThrow());
      case FLOW_TABLE -> "%s: %s, remembered, to %s".formatted(flow, key(), backend.orElseThrow());
    };
  }

  private VipKey key() {
    return vip.orElseThrow().key();
  }
}
