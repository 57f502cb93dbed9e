package dev.katran;

/** What becomes of a frame. */
public enum Verdict {
  /** Sent, changed, by the interface it came in by or the one that leads to its backend. */
  TX,
  /** Left to the host's network stack, as it came. */
  PASS,
  /** Discarded. */
  DROP
}
