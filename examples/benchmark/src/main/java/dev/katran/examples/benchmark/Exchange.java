package dev.katran.examples.benchmark;

import java.io.EOFException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;

/**
 * What goes on in one connection: a short request, a short answer, and the client's reset, which
 * leaves nobody in TIME_WAIT, so that ports do not run out.
 */
final class Exchange {

  private static final int LENGTH = 64;
  private static final int TIMEOUT_MILLIS = 5000;

  private Exchange() {}

  /**
   * The client's side, from opening to closing.
   *
   * @throws IOException if there is no connection, or no answer, in time
   */
  static void ask(InetSocketAddress server) throws IOException {
    try (Socket socket = new Socket()) {
      socket.setSoLinger(true, 0);
      socket.setSoTimeout(TIMEOUT_MILLIS);
      socket.connect(server, TIMEOUT_MILLIS);
      socket.getOutputStream().write(new byte[LENGTH]);
      int answer = socket.getInputStream().readNBytes(LENGTH).length;
      if (answer != LENGTH) {
        throw new EOFException("an answer of " + answer + " bytes");
      }
    }
  }

  /** The server's side, until the client has left; closes the connection. */
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
