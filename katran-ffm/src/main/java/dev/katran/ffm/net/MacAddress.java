package dev.katran.ffm.net;

import java.util.HexFormat;

/**
 * An Ethernet address.
 *
 * @param bits the six bytes in network order, the first one in bits 40 to 47
 * @since 0.1.0
 */
public record MacAddress(long bits) {

  /** The size of an Ethernet address in bytes. */
  public static final int BYTES = 6;

  /** {@code 00:00:00:00:00:00}, which is not a valid address of an Ethernet interface. */
  public static final MacAddress ZERO = new MacAddress(0);

  /** {@code ff:ff:ff:ff:ff:ff}. */
  public static final MacAddress BROADCAST = new MacAddress(0xffff_ffff_ffffL);

  private static final HexFormat HEX = HexFormat.ofDelimiter(":");

  /** Rejects more than 48 bits. */
  public MacAddress {
    if (bits >>> 48 != 0) {
      throw new IllegalArgumentException(
          "MAC address 0x%x, must have at most 48 bits".formatted(bits));
    }
  }

  /**
   * Returns the address with these six bytes, in network order.
   *
   * @throws IllegalArgumentException if there are more or fewer than six bytes
   */
  public static MacAddress of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException(
          "MAC address [" + HEX.formatHex(bytes) + "] of " + bytes.length + " bytes, must have 6");
    }
    long bits = 0;
    for (byte b : bytes) {
      bits = (bits << 8) | Byte.toUnsignedLong(b);
    }
    return new MacAddress(bits);
  }

  /**
   * Parses the usual notation, such as {@code 02:00:5e:10:00:01}, in upper or lower case.
   *
   * @throws IllegalArgumentException if the text is in any other notation
   */
  public static MacAddress parse(String text) {
    if (text.length() == 3 * BYTES - 1) {
      try {
        return of(HEX.parseHex(text));
      } catch (IllegalArgumentException notHex) {
        // reported below, with the same message as a wrong length
      }
    }
    throw new IllegalArgumentException(
        "MAC address \"" + text + "\", must have the form 02:00:5e:10:00:01");
  }

  /** Returns the six bytes in network order, in a new array. */
  public byte[] toBytes() {
    byte[] bytes = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      bytes[i] = (byte) (bits >>> (8 * (BYTES - 1 - i)));
    }
    return bytes;
  }

  /** Returns whether this is a multicast address, including broadcast. */
  public boolean isMulticast() {
    return ((bits >>> 40) & 1) != 0;
  }

  /** Returns the usual notation, such as {@code 02:00:5e:10:00:01}. */
  @Override
  public String toString() {
    return HEX.formatHex(toBytes());
  }
}
