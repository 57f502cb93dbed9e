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
