package dev.katran.examples.testcontainers;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** A client's connection to a VIP, on which it asks a backend. */
final class Connection implements AutoCloseable {

  /** Enough for TCP to send again what was lost while the balancer was restarted. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final Socket socket;
  private final BufferedReader in;

  private Connection(Socket socket) throws IOException {
    this.socket = socket;
    this.in =
        new BufferedReader(new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Connects from a port. */
  static Connection open(int port, InetSocketAddress to) throws IOException {
    Socket socket = new Socket();
    try {
      // Resets the connection when it is closed, so that the port can be used again at once.
      socket.setSoLinger(true, 0);
      socket.setReuseAddress(true);
      socket.setSoTimeout(Math.toIntExact(PATIENCE.toMillis()));
      socket.bind(new InetSocketAddress(port));
      socket.connect(to, Math.toIntExact(PATIENCE.toMillis()));
      return new Connection(socket);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  /** Sends a line of so many bytes, and returns the answer. */
  String ask(int bytes) throws IOException {
    socket.getOutputStream().write(("?".repeat(bytes) + "\n").getBytes(StandardCharsets.UTF_8));
    String answer = in.readLine();
    if (answer == null) {
      throw new EOFException("the backend has closed the connection");
    }
    return answer;
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
