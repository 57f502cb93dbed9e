package dev.katran;

import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Where a flow goes, and why; see {@link LoadBalancer#route}.
 *
 * @since 0.1.0
 */
public final class Route {

  /**
   * Why a flow goes where it goes. More constants may be added: a {@code switch} over this enum
   * needs a {@code default}.
   *
   * @since 0.1.0
   */
  public enum Reason {
    /** The flow table has an entry for the flow. */
    FLOW_TABLE,
    /**
     * The slot is changing and the flow is unknown, so it may be older than the change and stays at
     * the slot's previous backend. UDP only: a TCP flow begins with a SYN.
     */
    PREVIOUS,
    /** A source route matches the client's address. */
    SOURCE_ROUTE,
    /** The VIP's ring selects the backend. */
    RING,
    /** The VIP's ring is empty: the packets are dropped. */
    EMPTY_RING,
    /** No VIP matches the destination: the packets pass to the host. */
    NO_VIP
  }

  private final Flow flow;
  private final Reason reason;
  private final Optional<Vip> vip;
  private final Optional<Backend> backend;
  private final int slot;

  Route(Flow flow, Reason reason, @Nullable Vip vip, @Nullable Backend backend, int slot) {
    this.flow = flow;
    this.reason = reason;
    this.vip = Optional.ofNullable(vip);
    this.backend = Optional.ofNullable(backend);
    this.slot = slot;
  }

  /** Returns the flow that was looked up. */
  public Flow flow() {
    return flow;
  }

  /** Returns why the flow goes where it goes. */
  public Reason reason() {
    return reason;
  }

  /** Returns the VIP that the flow matches; empty for {@link Reason#NO_VIP}. */
  public Optional<Vip> vip() {
    return vip;
  }

  /**
   * Returns the backend that serves the flow; empty for {@link Reason#NO_VIP} and {@link
   * Reason#EMPTY_RING}.
   */
  public Optional<Backend> backend() {
    return backend;
  }

  /**
   * Returns the ring slot that the flow hashes to, whether or not it decided; -1 for {@link
   * Reason#NO_VIP}.
   */
  public int slot() {
    return slot;
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof Route other
        && flow.equals(other.flow)
        && reason == other.reason
        && vip.equals(other.vip)
        && backend.equals(other.backend)
        && slot == other.slot;
  }

  @Override
  public int hashCode() {
    return Objects.hash(flow, reason, vip, backend, slot);
  }

  /** Returns one sentence, as in {@code tcp ... -> ...: tcp ..., slot 42, to 10.0.0.11}. */
  @Override
  public String toString() {
    String target = backend.map(Backend::toString).orElse("");
    String key = vip.map(Vip::key).map(VipKey::toString).orElse("");
    return switch (reason) {
      case NO_VIP -> flow + ": no VIP, passes to the host";
      case EMPTY_RING -> "%s: %s has no backends, dropped".formatted(flow, key);
      case RING -> "%s: %s, slot %d, to %s".formatted(flow, key, slot, target);
      case PREVIOUS -> "%s: %s, slot %d, changing, still to %s".formatted(flow, key, slot, target);
      case SOURCE_ROUTE -> "%s: %s, by source route, to %s".formatted(flow, key, target);
      case FLOW_TABLE -> "%s: %s, by flow table, to %s".formatted(flow, key, target);
    };
  }
}
