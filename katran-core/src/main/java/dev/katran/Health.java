package dev.katran;

import java.util.List;

/**
 * Whether a balancer does its work, for the health check of the application that embeds it.
 * Immutable: it tells what was so when {@link LoadBalancer#health} returned it.
 *
 * {@snippet :
 * Health health = lb.health();
 * if (health.status() == Health.Status.DOWN) {
 *   log.error("load balancer: {}", health.problems());
 * }
 * }
 *
 * @since 0.1.0
 */
public final class Health {

  /**
   * A balancer's condition, the worst of its {@linkplain #problems problems}.
   *
   * @since 0.1.0
   */
  public enum Status {
    /** No problem. */
    UP,
    /** All VIPs are served, but not all is well. */
    DEGRADED,
    /** Some or all VIPs are not served, or changes have no effect. */
    DOWN
  }

  /**
   * What is wrong. More constants may be added: a {@code switch} over this enum needs a {@code
   * default}.
   *
   * @since 0.1.0
   */
  public enum Kind {
    /** The program is not attached to an interface: its packets pass to the host. */
    DETACHED(Status.DOWN),
    /** No backend of a VIP that should get new flows has a next hop: they are dropped. */
    VIP_UNREACHABLE(Status.DOWN),
    /** Some backends have no next hop: other backends get their flows. */
    BACKENDS_UNRESOLVED(Status.DEGRADED),
    /** A failed change has left something behind, which is undone again every second. */
    DIRTY(Status.DEGRADED),
    /** A change, or the work of every second, has not ended for half a minute. */
    STUCK(Status.DOWN),
    /** The balancer is closed. */
    CLOSED(Status.DOWN);

    private final Status status;

    Kind(Status status) {
      this.status = status;
    }

    /** Returns the condition of a balancer that has this problem and no worse one. */
    public Status status() {
      return status;
    }
  }

  /**
   * Something that is wrong.
   *
   * @param kind what it is
   * @param reason the same in words, with the names concerned
   * @since 0.1.0
   */
  public record Problem(Kind kind, String reason) {

    /** Returns text such as {@code DETACHED: eth0 (index 2): lost since ...}. */
    @Override
    public String toString() {
      return kind + ": " + reason;
    }
  }

  private final List<Problem> problems;

  /** Creates a condition, for an application's own tests. */
  public Health(List<Problem> problems) {
    this.problems = List.copyOf(problems);
  }

  /** Returns the condition. */
  public Status status() {
    return problems.stream()
        .map(problem -> problem.kind().status())
        .max(Status::compareTo)
        .orElse(Status.UP);
  }

  /** Returns what is wrong; empty if the status is {@link Status#UP}. */
  public List<Problem> problems() {
    return problems;
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof Health other && problems.equals(other.problems);
  }

  @Override
  public int hashCode() {
    return problems.hashCode();
  }

  /** Returns text such as {@code DEGRADED [BACKENDS_UNRESOLVED: 10.0.0.11]}. */
  @Override
  public String toString() {
    return problems.isEmpty() ? "UP" : status() + " " + problems;
  }
}
