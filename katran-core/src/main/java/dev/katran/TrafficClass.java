package dev.katran;

/** What stands in the outer header's TOS or traffic class (RFC 2474, RFC 3168). */
public sealed interface TrafficClass {

  /** What the packet itself has, so that it is treated the same on the rest of its way. */
  static TrafficClass copied() {
    return Copied.INSTANCE;
  }

  /**
   * The same for every packet.
   *
   * @param value the whole byte, 0 to 255: six bits DSCP, two bits ECN
   * @throws IllegalArgumentException if it is out of range
   */
  static TrafficClass fixed(int value) {
    return new Fixed(value);
  }

  /** See {@link #copied()}. */
  enum Copied implements TrafficClass {
    /** The only one. */
    INSTANCE
  }

  /** See {@link #fixed(int)}. */
  record Fixed(int value) implements TrafficClass {
    /** Refuses what is no byte. */
    public Fixed {
      if (value < 0 || value > 255) {
        throw new IllegalArgumentException("traffic class " + value + " is not in 0..255");
      }
    }
  }
}
