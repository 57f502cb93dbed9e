package dev.katran;

/** How a drain ended, see {@link LoadBalancer#drained}. */
public enum DrainResult {
  /** Nothing has arrived for the backend for the quiet time. */
  QUIET,

  /** The deadline came before it was quiet for so long. */
  DEADLINE,

  /** The VIP was removed, or the backend from it. */
  REMOVED
}
