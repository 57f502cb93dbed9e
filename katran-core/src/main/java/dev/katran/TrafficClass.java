package dev.katran;

/**
 * The TOS or traffic class of outer headers (RFC 2474, RFC 3168). More kinds may be added: a {@code
 * switch} over this type needs a {@code default}.
 *
 * @since 0.1.0
 */
public sealed interface TrafficClass {

  /** Returns the traffic class of the inner packet. */
  static TrafficClass copied() {
    return Copied.INSTANCE;
  }

  /**
   * Returns one traffic class for all packets. Its six bits of DSCP (RFC 2474) replace the
   * packet's. The two bits of ECN are always copied from the packet, so that congestion marks reach
   * its receiver (RFC 6040).
   *
   * @param value the traffic class, 0 to 255; its two lowest bits are ignored
   * @throws IllegalArgumentException if it is out of range
   */
  static TrafficClass fixed(int value) {
    return new Fixed(value);
  }

  /**
   * See {@link #copied()}.
   *
   * @since 0.1.0
   */
  enum Copied implements TrafficClass {
    /** The only instance. */
    INSTANCE
  }

  /**
   * See {@link #fixed(int)}.
   *
   * @since 0.1.0
   */
  record Fixed(int value) implements TrafficClass {
    /** Checks the range. */
    public Fixed {
      if (value < 0 || value > 255) {
        throw new IllegalArgumentException("traffic class " + value + " is not in 0..255");
      }
    }
  }
}
