package dev.katran;

/**
 * The value of a counter. It only grows while what it counts stays installed.
 *
 * @param packets number of packets
 * @param bytes number of bytes, as the counter defines them
 * @since 0.1.0
 */
public record Count(long packets, long bytes) {

  /** No packets and no bytes. */
  public static final Count ZERO = new Count(0, 0);

  /** Returns the sum of two counts. */
  public Count plus(Count other) {
    return new Count(packets + other.packets, bytes + other.bytes);
  }
}
