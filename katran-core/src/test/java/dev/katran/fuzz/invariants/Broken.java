package dev.katran.fuzz.invariants;

/**
 * An invariant that does not hold for a frame.
 *
 * @param detail what is wrong with the frame, with the values
 */
public record Broken(Invariant invariant, String detail) {

  @Override
  public String toString() {
    return invariant + ": " + detail;
  }
}
