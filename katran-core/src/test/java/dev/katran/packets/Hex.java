package dev.katran.packets;

import com.google.common.io.BaseEncoding;

/** Bytes as text: small letters, nothing between them. */
public final class Hex {

  private static final BaseEncoding HEX = BaseEncoding.base16().lowerCase();

  private Hex() {}

  /** The bytes as text. */
  public static String of(byte[] bytes) {
    return HEX.encode(bytes);
  }

  /**
   * The bytes of a text.
   *
   * @throws IllegalArgumentException if it is no such text
   */
  public static byte[] decode(String hex) {
    return HEX.decode(hex);
  }
}
