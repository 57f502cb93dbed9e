package dev.katran;

/**
 * What a counter says; it only grows for as long as what it counts is installed.
 *
 * @param packets number of packets
 * @param bytes their bytes, as the counter defines them
 */
public record Count(long packets, long bytes) {

  /** Nothing counted. */
  public static final Count ZERO = new Count(0, 0);

  /** Both counts together. */
  public Count plus(Count other) {
    return new Count(packets + other.packets, bytes + other.bytes);
  }
}
