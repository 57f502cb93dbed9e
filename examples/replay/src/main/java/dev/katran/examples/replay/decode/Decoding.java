package dev.katran.examples.replay.decode;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** A frame that is being decoded: the remaining bytes and the headers found so far. */
final class Decoding {

  private static final HexFormat SPACED = HexFormat.ofDelimiter(" ");
  private static final HexFormat COLONS = HexFormat.ofDelimiter(":");
  private static final int BYTES_IN_LINE = 16;

  private final ByteBuffer left;
  private final List<Header> headers = new ArrayList<>();
  private List<Header.Field> fields = List.of();

  Decoding(byte[] frame) {
    this.left = ByteBuffer.wrap(frame);
  }

  List<Header> headers() {
    return headers;
  }

  /** Begins a header, to which the following fields belong. */
  void begin(String name) {
    fields = new ArrayList<>();
    headers.add(new Header(name, fields));
  }

  void add(String name, Object value) {
    fields.add(new Header.Field(name, value.toString()));
  }

  /** Adds a number in hexadecimal, for fields of bits. */
  void addHex(String name, int value, int digits) {
    add(name, "0x" + HexFormat.of().toHexDigits(value, digits));
  }

  /** Adds a number and its meaning; the meaning may be empty. */
  void add(String name, int value, String meaning) {
    add(name, meaning.isEmpty() ? value : value + " " + meaning);
  }

  int remaining() {
    return left.remaining();
  }

  /** Returns the remaining bytes. */
  ByteBuffer rest() {
    return left.slice();
  }

  /** Returns the next byte without consuming it. */
  int peek() {
    return left.get(left.position()) & 0xff;
  }

  int octet() {
    return left.get() & 0xff;
  }

  int uint16() {
    return left.getShort() & 0xffff;
  }

  long uint32() {
    return left.getInt() & 0xffff_ffffL;
  }

  byte[] bytes(int count) {
    byte[] bytes = new byte[count];
    left.get(bytes);
    return bytes;
  }

  void addMac(String name) {
    add(name, COLONS.formatHex(bytes(6)));
  }

  void addAddress(String name, byte[] address) {
    try {
      add(name, InetAddresses.toAddrString(InetAddress.getByAddress(address)));
    } catch (UnknownHostException e) {
      throw new AssertionError("an address has 4 or 16 bytes", e);
    }
  }

  /** Adds raw bytes. */
  void addBytes(String name, int count) {
    add(name, SPACED.formatHex(bytes(count)));
  }

  /** Restricts a decoder to the next bytes. */
  void within(int count, Runnable decoder) {
    int limit = left.limit();
    left.limit(left.position() + count);
    decoder.run();
    left.limit(limit);
  }

  /**
   * Adds the remaining bytes as a header with one line per 16 bytes; adds nothing if none remain.
   */
  void data(String name) {
    if (remaining() == 0) {
      return;
    }
    begin(name);
    for (int offset = 0; remaining() > 0; offset += BYTES_IN_LINE) {
      addBytes("byte " + offset, Math.min(BYTES_IN_LINE, remaining()));
    }
  }

  /** Returns whether the bytes of a header remain. If not, adds those that do as data. */
  boolean has(String header, int length) {
    if (remaining() >= length) {
      return true;
    }
    data(header + ", cut short");
    return false;
  }
}
