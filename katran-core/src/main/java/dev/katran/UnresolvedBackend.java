package dev.katran;

import static java.util.Objects.requireNonNull;

/**
 * A backend that packets cannot be sent to, because its next hop is not known. It has no slots
 * until it is.
 *
 * @since 0.1.0
 */
public final class UnresolvedBackend {

  /**
   * Why there is no next hop. More constants may be added: a {@code switch} over this enum needs a
   * {@code default}.
   *
   * @since 0.1.0
   */
  public enum Reason {
    /** There is no route, the route rejects packets, or the address is one of this host. */
    NO_ROUTE,

    /**
     * The route leaves by an interface that cannot send frames of an XDP program: a VLAN, a bridge,
     * a tunnel without Ethernet addresses, or a driver without XDP transmission.
     */
    EGRESS_UNSUPPORTED,

    /** The kernel is resolving the neighbour's Ethernet address. */
    NEIGHBOUR_PENDING,

    /** The neighbour, the backend itself or a router, does not answer. It is asked again. */
    NEIGHBOUR_FAILED,

    /**
     * The kernel's neighbour table is full, see {@code net.ipv4.neigh.default.gc_thresh3} in
     * arp(7). It is tried again.
     */
    NEIGHBOUR_TABLE_FULL
  }

  private final BackendKey backend;
  private final Reason reason;
  private final String detail;

  /**
   * Creates an unresolved backend, for an application's own tests.
   *
   * @param detail see {@link #detail()}
   */
  public UnresolvedBackend(BackendKey backend, Reason reason, String detail) {
    this.backend = requireNonNull(backend, "backend");
    this.reason = requireNonNull(reason, "reason");
    this.detail = requireNonNull(detail, "detail");
  }

  /** Returns the backend. */
  public BackendKey backend() {
    return backend;
  }

  /** Returns why it has no next hop. */
  public Reason reason() {
    return reason;
  }

  /** Returns the reason in words, with the neighbour, interface or kernel setting concerned. */
  public String detail() {
    return detail;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof UnresolvedBackend that
        && backend.equals(that.backend)
        && reason == that.reason
        && detail.equals(that.detail);
  }

  @Override
  public int hashCode() {
    return 31 * backend.hashCode() + detail.hashCode();
  }

  /** Returns text such as {@code 10.0.0.11: NO_ROUTE (no route to this destination)}. */
  @Override
  public String toString() {
    return backend + ": " + reason + " (" + detail + ")";
  }
}
