package dev.katran.examples.testcontainers;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Executors;

/** An HTTP server with plain-text answers of one line per item. */
final class Http {

  private static final int BACKLOG = 128;

  private Http() {}

  /** Answers a request with text. */
  @FunctionalInterface
  interface Answer {

    /**
     * Returns the answer's body.
     *
     * @throws IllegalArgumentException if the request is wrong; the message is sent to the client
     */
    String to(HttpExchange request);
  }

  /** Creates a server that is not started yet. */
  static HttpServer server(int port) throws IOException {
    HttpServer server = HttpServer.create(new InetSocketAddress(port), BACKLOG);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    return server;
  }

  /** Returns the handler of a context. */
  static HttpHandler handler(Answer answer) {
    return exchange -> {
      try {
        send(exchange, 200, answer.to(exchange));
      } catch (IllegalArgumentException e) {
        send(exchange, 400, e.getMessage() + "\n");
      } catch (RuntimeException e) {
        send(exchange, 500, e + "\n");
      }
    };
  }

  private static void send(HttpExchange exchange, int status, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", "text/plain; charset=utf-8");
    // 0 would mean a body of unknown length
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }
}
