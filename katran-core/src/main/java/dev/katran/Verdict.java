package dev.katran;

/**
 * What happens to a frame. More constants may be added: a {@code switch} over this enum needs a
 * {@code default}.
 *
 * @since 0.1.0
 */
public enum Verdict {
  /** Modified and sent, on the interface it arrived on or the one that leads to its backend. */
  TX,
  /** Passed to the host's network stack. */
  PASS,
  /** Dropped. */
  DROP
}
