package dev.katran.ffm.net;

import java.util.HexFormat;

/**
 * An Ethernet address.
 *
 * @param bits the six bytes in network order, the first one in bits 40 to 47
 */
public record MacAddress(long bits) {

  /** How many bytes an Ethernet address has. */
  public static final int BYTES = 6;

  /** {@code 00:00:00:00:00:00}, which no interface on a wire has. */
  public static final MacAddress ZERO = new MacAddress(0);

  /** {@code ff:ff:ff:ff:ff:ff}. */
  public static final MacAddress BROADCAST = new MacAddress(0xffff_ffff_ffffL);

  private static final HexFormat HEX = HexFormat.ofDelimiter(":");

  /** Refuses more than 48 bits. */
  public MacAddress {
    if (bits >>> 48 != 0) {
      throw new IllegalArgumentException("MAC address 0x%x: more than 48 bits".formatted(bits));
    }
  }

  /**
   * The address of six bytes in network order.
   *
   * @throws IllegalArgumentException if there are not six
   */
  public static MacAddress of(byte[] bytes) {
    if (bytes.length != BYTES) {
      throw new IllegalArgumentException(
          "MAC address [" + HEX.formatHex(bytes) + "]: " + bytes.length + " bytes instead of six");
    }
    long bits = 0;
    for (byte b : bytes) {
      bits = (bits << 8) | Byte.toUnsignedLong(b);
    }
    return new MacAddress(bits);
  }

  /**
   * Reads the usual form, such as {@code 02:00:5e:10:00:01}, in small or capital letters.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  public static MacAddress parse(String text) {
    if (text.length() == 3 * BYTES - 1) {
      try {
        return of(HEX.parseHex(text));
      } catch (IllegalArgumentException notHex) {
        // refused below, as what is too short or too long
      }
    }
    throw new IllegalArgumentException(
        "MAC address \"" + text + "\": not of the form 02:00:5e:10:00:01");
  }

  /** The six bytes in network order; the array is the caller's. */
  public byte[] toBytes() {
    byte[] bytes = new byte[BYTES];
    for (int i = 0; i < BYTES; i++) {
      bytes[i] = (byte) (bits >>> (8 * (BYTES - 1 - i)));
    }
    return bytes;
  }

  /** Whether frames to it are for many: the broadcast address, and multicast ones. */
  public boolean isMulticast() {
    return ((bits >>> 40) & 1) != 0;
  }

  /** The usual form, such as {@code 02:00:5e:10:00:01}. */
  @Override
  public String toString() {
    return HEX.formatHex(toBytes());
  }
}
