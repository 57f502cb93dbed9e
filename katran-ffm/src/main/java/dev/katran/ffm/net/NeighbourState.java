package dev.katran.ffm.net;

import dev.katran.ffm.generated.libc.LibC;

/**
 * The state of an entry of the kernel's neighbour table, {@code NUD_*} of {@code
 * linux/neighbour.h}. New constants may be added.
 *
 * @since 0.1.0
 */
public enum NeighbourState {
  /** Just created. */
  NONE(0),
  /** Asked for, no answer yet. */
  INCOMPLETE(LibC.NUD_INCOMPLETE()),
  /** Confirmed within the last half minute or so. */
  REACHABLE(LibC.NUD_REACHABLE()),
  /** Not confirmed lately; usable, and confirmed when it is used. */
  STALE(LibC.NUD_STALE()),
  /** Stale, used, about to be confirmed; usable. */
  DELAY(LibC.NUD_DELAY()),
  /** Being confirmed; usable. */
  PROBE(LibC.NUD_PROBE()),
  /** Did not answer. */
  FAILED(LibC.NUD_FAILED()),
  /** Needs no resolution, as on loopback. */
  NOARP(LibC.NUD_NOARP()),
  /** Configured by an administrator. */
  PERMANENT(LibC.NUD_PERMANENT());

  private final int bit;

  NeighbourState(int bit) {
    this.bit = bit;
  }

  /** Returns whether an entry in this state has a MAC address to send to, {@code NUD_VALID}. */
  public boolean usable() {
    return this != NONE && this != INCOMPLETE && this != FAILED;
  }

  /** Returns the state with these bits, of which the kernel sets at most one. */
  static NeighbourState of(int bits) {
    for (NeighbourState state : values()) {
      if (state.bit != 0 && (bits & state.bit) != 0) {
        return state;
      }
    }
    return NONE;
  }
}
