package dev.katran.traffic;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.katran.lab.Host;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;

/**
 * A plain HTTP/1.0 server at one address: {@code GET /n} returns the first n bytes of a content.
 */
final class WebServer implements AutoCloseable {

  private static final int BACKLOG = 128;

  private final ServerSocket listener;
  private final byte[] content;

  private WebServer(ServerSocket listener, byte[] content) {
    this.listener = listener;
    this.content = content;
  }

  static WebServer start(Host host, InetSocketAddress local, byte[] content) throws Exception {
    ServerSocket listener =
        host.call(() -> new ServerSocket(local.getPort(), BACKLOG, local.getAddress()));
    WebServer server = new WebServer(listener, content);
    host.start(host.name() + "-http", server::accept);
    return server;
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = listener.accept();
        Thread.ofPlatform().daemon().start(() -> serve(socket));
      }
    } catch (IOException e) {
      // the server was closed
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      BufferedReader in =
          new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
      int length = Integer.parseInt(in.readLine().split(" ", 3)[1].substring(1));
      while (!in.readLine().isEmpty()) {
        // the request's header ends with an empty line
      }
      OutputStream out = socket.getOutputStream();
      out.write(
          "HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n".formatted(length).getBytes(US_ASCII));
      out.write(content, 0, length);
    } catch (IOException e) {
      // the client detects the broken connection
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
  }
}
