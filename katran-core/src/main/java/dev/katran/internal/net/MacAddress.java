package dev.katran.internal.net;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.regex.Pattern;

/**
 * An Ethernet MAC address.
 *
 * @param bits the six bytes in network order, the first one in bits 40 to 47
 */
public record MacAddress(long bits) {

  /** The length of an address in bytes. */
  public static final int LENGTH = 6;

  private static final Pattern TEXT = Pattern.compile("[0-9a-fA-F]{2}(:[0-9a-fA-F]{2}){5}");

  /**
   * Parses the usual notation, such as {@code 02:00:5e:10:00:01}.
   *
   * @throws IllegalArgumentException if the text has another form
   */
  public static MacAddress parse(String text) {
    if (!TEXT.matcher(text).matches()) {
      throw new IllegalArgumentException(
          "MAC address \"%s\" is not of the form 02:00:5e:10:00:01".formatted(text));
    }
    return new MacAddress(HexFormat.fromHexDigitsToLong(text.replace(":", "")));
  }

  /**
   * Parses the address of one interface.
   *
   * @param what the use of the address, such as {@code "next hop"}, for the message
   * @throws IllegalArgumentException if the text has another form, or the address is zero or that
   *     of a group (multicast or broadcast)
   */
  public static MacAddress parseUnicast(String what, String text) {
    MacAddress mac = parse(text);
    if (mac.bits == 0) {
      throw new IllegalArgumentException("%s %s is the zero address".formatted(what, mac));
    }
    if ((mac.bits >> 40 & 1) != 0) {
      throw new IllegalArgumentException(
          "%s %s is the address of a group, not of one interface".formatted(what, mac));
    }
    return mac;
  }

  /** Returns the six bytes in network order. */
  public byte[] toBytes() {
    byte[] wide = ByteBuffer.allocate(Long.BYTES).putLong(bits).array();
    return Arrays.copyOfRange(wide, Long.BYTES - LENGTH, Long.BYTES);
  }

  /** Returns the usual notation, such as {@code 02:00:5e:10:00:01}. */
  @Override
  public String toString() {
    return HexFormat.ofDelimiter(":").formatHex(toBytes());
  }
}
