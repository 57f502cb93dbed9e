package dev.katran.examples.quickstart;

import com.google.common.net.InetAddresses;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.katran.Decapsulator;
import dev.katran.lab.Host;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.LongAdder;
import java.util.stream.Stream;

/** A backend: a host with a decapsulator and a web server that answers with the host's name. */
final class BackendServer implements AutoCloseable {

  private static final int BACKLOG = 128;
  private static final int THREADS = 4;

  private final Host host;
  private final Decapsulator decapsulator;
  private final HttpServer server;
  private final ExecutorService threads;
  private final LongAdder requests = new LongAdder();

  private BackendServer(Host host, int port) throws IOException {
    this.host = host;
    this.decapsulator = Decapsulator.on(Host.INTERFACE).open();
    this.threads = Executors.newFixedThreadPool(THREADS);
    this.server = HttpServer.create(new InetSocketAddress(port), BACKLOG);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  /**
   * Starts the server on its host. Sockets belong to the network namespace of the thread that opens
   * them.
   */
  static BackendServer start(Host host, int port) throws Exception {
    return host.call(() -> new BackendServer(host, port));
  }

  private void answer(HttpExchange exchange) throws IOException {
    requests.increment();
    byte[] body = name().getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(200, body.length);
    try (OutputStream out = exchange.getResponseBody()) {
      out.write(body);
    }
  }

  String name() {
    return host.name();
  }

  InetAddress ipv4() {
    return host.ipv4();
  }

  InetAddress ipv6() {
    return host.ipv6();
  }

  /** Returns both addresses as literals. */
  Stream<String> addresses() {
    return Stream.of(ipv4(), ipv6()).map(InetAddresses::toAddrString);
  }

  Decapsulator decapsulator() {
    return decapsulator;
  }

  long requests() {
    return requests.sum();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
    decapsulator.close();
  }
}
