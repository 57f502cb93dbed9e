package dev.katran.packets;

import com.google.common.io.BaseEncoding;

/** Lowercase hexadecimal text without separators. */
public final class Hex {

  private static final BaseEncoding HEX = BaseEncoding.base16().lowerCase();

  private Hex() {}

  /** Returns the bytes in hex. */
  public static String of(byte[] bytes) {
    return HEX.encode(bytes);
  }

  /**
   * Returns the bytes of a hex text.
   *
   * @throws IllegalArgumentException if the text is not lowercase hex of even length
   */
  public static byte[] decode(String hex) {
    return HEX.decode(hex);
  }
}
