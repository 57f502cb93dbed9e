package dev.katran.traffic;

import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.Arrays;

/**
 * A service that says which server answers. A datagram comes back with the server's number before
 * it. On a connection, each request is a length, and each response the number and as many bytes.
 */
record NumberedService(int number) implements Service {

  private static final int CHUNK = 4096;
  private static final byte[] CONTENT = Service.content(CHUNK);

  @Override
  public byte[] reply(byte[] datagram) {
    byte[] reply = new byte[1 + datagram.length];
    reply[0] = (byte) number;
    System.arraycopy(datagram, 0, reply, 1, datagram.length);
    return reply;
  }

  @Override
  public void serve(InputStream in, OutputStream out) throws IOException {
    DataInputStream requests = new DataInputStream(in);
    try {
      while (true) {
        int length = requests.readInt();
        out.write(number);
        for (int sent = 0; sent < length; sent += CHUNK) {
          out.write(CONTENT, 0, Math.min(CHUNK, length - sent));
        }
      }
    } catch (EOFException e) {
      // the client has ended the connection
    }
  }

  /**
   * Reads the next bytes of a response, up to {@link #CHUNK}.
   *
   * @throws IOException if they are others
   */
  static void readChunk(InputStream in, int left) throws IOException {
    int length = Math.min(CHUNK, left);
    byte[] bytes = in.readNBytes(length);
    if (bytes.length < length) {
      throw new EOFException("the response ends %d bytes early".formatted(left - bytes.length));
    }
    if (Arrays.mismatch(bytes, 0, length, CONTENT, 0, length) >= 0) {
      throw new IOException("the response has other bytes");
    }
  }

  /** Returns the length of a response's next part. */
  static int chunk(int left) {
    return Math.min(CHUNK, left);
  }
}
