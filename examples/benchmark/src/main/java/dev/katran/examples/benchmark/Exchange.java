package dev.katran.examples.benchmark;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * One connection: a short request, a short answer, and a reset by the client, which leaves no
 * socket in TIME_WAIT, so that ports do not run out.
 */
final class Exchange {

  private static final int LENGTH = 64;
  private static final int TIMEOUT_MILLIS = 5000;

  private Exchange() {}

  /**
   * Runs the client's side, from connect to close.
   *
   * @throws IOException if the connection or the answer does not arrive in time
   */
  static void request(InetSocketAddress server) throws IOException {
    try (Socket socket = new Socket()) {
      socket.setSoLinger(true, 0);
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.connect(server, TIMEOUT_MILLIS);
      socket.getOutputStream().write(new byte[LENGTH]);
      int answer = socket.getInputStream().readNBytes(LENGTH).length;
      if (answer != LENGTH) {
        throw new EOFException("expected %d bytes, got %d".formatted(LENGTH, answer));
      }
    }
  }

  /** Runs the server's side until the client leaves, and closes the connection. */
  static void answer(SocketChannel client) throws IOException {
    try (client) {
      ByteBuffer message = ByteBuffer.allocate(LENGTH);
      while (message.hasRemaining()) {
        if (client.read(message) < 0) {
          return;
        }
      }
      client.write(message.flip());
      client.read(message.clear());
    }
  }
}
