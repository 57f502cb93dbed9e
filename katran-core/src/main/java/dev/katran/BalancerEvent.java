package dev.katran;

import static java.util.Objects.requireNonNull;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * Something that happened in a balancer, see {@link LoadBalancer#subscribe}. Immutable.
 *
 * @since 0.1.0
 */
public final class BalancerEvent {

  /**
   * What happened. More constants may be added: a {@code switch} over this enum needs a {@code
   * default}.
   *
   * @since 0.1.0
   */
  public enum Kind {
    /** A VIP was installed. */
    VIP_ADDED,
    /** An installed VIP was replaced. */
    VIP_CHANGED,
    /** A VIP was removed. */
    VIP_REMOVED,
    /**
     * The kernel refused a change, which was undone, or will be; the {@linkplain #detail detail} is
     * the reason.
     */
    CHANGE_FAILED,
    /** The {@linkplain Vip.Builder#changeWindow change window} of a VIP's last slot has ended. */
    WINDOW_ENDED,
    /** A change window was extended, because flows found no place in the flow table. */
    WINDOW_EXTENDED,
    /** All slots of a VIP are stable again: its flows are no longer tracked. */
    RING_STABLE,
    /** A {@linkplain LoadBalancer#whenDrained drain} ended; the detail is its result. */
    BACKEND_DRAINED,
    /** A backend has a next hop, and gets slots. */
    NEXT_HOP_FOUND,
    /** A backend has no next hop, and gets no slots; the detail is the reason. */
    NEXT_HOP_MISSING,
    /** The program was attached to an interface again, which the detail describes. */
    ATTACHED,
    /** The program is no longer attached to its interface, which the detail describes. */
    DETACHED,
    /** The listener was too slow; the detail is how many events it has missed here. */
    EVENTS_LOST
  }

  private final Kind kind;
  private final Instant time;
  private final Optional<VipKey> vip;
  private final Optional<BackendKey> backend;
  private final String detail;

  /** Creates an event, for an application's own tests. */
  public BalancerEvent(
      Kind kind, Instant time, Optional<VipKey> vip, Optional<BackendKey> backend, String detail) {
    this.kind = requireNonNull(kind, "kind");
    this.time = requireNonNull(time, "time");
    this.vip = requireNonNull(vip, "vip");
    this.backend = requireNonNull(backend, "backend");
    this.detail = requireNonNull(detail, "detail");
  }

  /** Returns what happened. */
  public Kind kind() {
    return kind;
  }

  /** Returns when it happened, by the wall clock, for display only. */
  public Instant time() {
    return time;
  }

  /** Returns the VIP concerned; empty if it is not about one. */
  public Optional<VipKey> vip() {
    return vip;
  }

  /** Returns the backend concerned; empty if it is not about one. */
  public Optional<BackendKey> backend() {
    return backend;
  }

  /** Returns what else is known, in words or as the {@link Kind} says; may be empty. */
  public String detail() {
    return detail;
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof BalancerEvent other
        && kind == other.kind
        && time.equals(other.time)
        && vip.equals(other.vip)
        && backend.equals(other.backend)
        && detail.equals(other.detail);
  }

  @Override
  public int hashCode() {
    return Objects.hash(kind, time, vip, backend, detail);
  }

  /** Returns text such as {@code VIP_ADDED tcp 203.0.113.10:443}, without the time. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder(kind.name());
    vip.ifPresent(key -> text.append(' ').append(key));
    backend.ifPresent(key -> text.append(" backend ").append(key));
    if (!detail.isEmpty()) {
      text.append(": ").append(detail);
    }
    return text.toString();
  }
}
