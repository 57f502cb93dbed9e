package dev.katran.examples.testcontainers;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A client's connection through a VIP to a backend. */
final class Connection implements AutoCloseable {

  /** Long enough for TCP to retransmit what was lost while the balancer restarted. */
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final Socket socket;
  private final BufferedReader in;

  private Connection(Socket socket) throws IOException {
    this.socket = socket;
    this.in =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Connects from a given source port. */
  static Connection open(int port, InetSocketAddress to) throws IOException {
    Socket socket = new Socket();
    try {
      // Reset the connection on close, so that the port can be reused at once.
      socket.setSoLinger(true, 0);
      socket.setReuseAddress(true);
      socket.setSoTimeout(Math.toIntExact(TIMEOUT.toMillis()));
      socket.bind(new InetSocketAddress(port));
      socket.connect(to, Math.toIntExact(TIMEOUT.toMillis()));
      return new Connection(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Sends a line of {@code bytes} characters and returns the answer. */
  String send(int bytes) throws IOException {
    socket.getOutputStream().write(("?".repeat(bytes) + "\n").getBytes(StandardCharsets.UTF_8));
    String answer = in.readLine();
    if (answer == null) {
      throw new EOFException("the backend closed the connection");
    }
    return answer;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
