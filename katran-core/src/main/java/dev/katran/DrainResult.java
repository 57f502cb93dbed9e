package dev.katran;

/**
 * How a drain ended, see {@link LoadBalancer#whenDrained}. More constants may be added: a {@code
 * switch} over this enum needs a {@code default}.
 *
 * @since 0.1.0
 */
public enum DrainResult {
  /** No packet arrived for the backend for the quiet time. */
  QUIET,

  /** The timeout came first. */
  DEADLINE,

  /** The VIP was removed, or the backend was removed from it. */
  REMOVED
}
