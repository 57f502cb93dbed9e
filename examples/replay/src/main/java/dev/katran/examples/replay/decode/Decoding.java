package dev.katran.examples.replay.decode;

import com.google.common.net.InetAddresses;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/** A frame that is being decoded: what is left of it, and what has been found so far. */
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

  /** Begins a header; fields belong to it from now on. */
  void begin(String name) {
    fields = new ArrayList<>();
    headers.add(new Header(name, fields));
  }

  void add(String name, Object value) {
    fields.add(new Header.Field(name, value.toString()));
  }

  /** A number whose bits mean something. */
  void addHex(String name, int value, int digits) {
    add(name, "0x" + HexFormat.of().toHexDigits(value, digits));
  }

  /** Names what is known of a number. */
  void add(String name, int value, String meaning) {
    add(name, meaning.isEmpty() ? value : value + " " + meaning);
  }

  int remaining() {
    return left.remaining();
  }

  /** All that is left. */
  ByteBuffer rest() {
    return left.slice();
  }

  /** The next byte, which stays there. */
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

  /** Bytes as they are. */
  void addBytes(String name, int count) {
    add(name, SPACED.formatHex(bytes(count)));
  }

  /** Decodes only the next bytes, and comes back to those behind them. */
  void within(int count, Runnable decoder) {
    int limit = left.limit();
    left.limit(left.position() + count);
    decoder.run();
    left.limit(limit);
  }

  /** What is left, as bytes, each line under its offset; no header at all if nothing is left. */
  void data(String name) {
    if (remaining() == 0) {
      return;
    }
    begin(name);
    for (int offset = 0; remaining() > 0; offset += BYTES_IN_LINE) {
      addBytes("byte " + offset, Math.min(BYTES_IN_LINE, remaining()));
    }
  }

  /** Whether a header of so many bytes is there; what is left of it otherwise is shown as data. */
  boolean has(String header, int length) {
    if (remaining() >= length) {
      return true;
    }
    data(header + ", cut short");
    return false;
  }
}
