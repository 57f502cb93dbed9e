package dev.katran.examples.testcontainers;

import com.google.common.net.InetAddresses;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.katran.Backend;
import dev.katran.Count;
import dev.katran.Counters;
import dev.katran.LoadBalancer;
import dev.katran.Vip;
import java.io.IOException;
import java.net.InetAddress;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The service's HTTP interface: {@code GET /backends}, {@code PUT} and {@code DELETE
 * /backends/10.0.0.11}, {@code GET /counters}.
 */
final class ControlServer implements AutoCloseable {

  private static final String BACKENDS = "/backends";

  private final LoadBalancer lb;
  private final Fleet fleet;
  private final HttpServer server;

  private ControlServer(LoadBalancer lb, Fleet fleet, int port) throws IOException {
    this.lb = lb;
    this.fleet = fleet;
    this.server = Http.server(port);
    server.createContext(BACKENDS, Http.handler(this::backends));
    server.createContext("/counters", Http.handler(request -> counters()));
  }

  static ControlServer start(LoadBalancer lb, Fleet fleet, int port) throws IOException {
    ControlServer control = new ControlServer(lb, fleet, port);
    control.server.start();
    return control;
  }

  private String backends(HttpExchange request) {
    switch (request.getRequestMethod()) {
      case "GET" -> {}
      case "PUT" -> fleet.add(backend(request));
      case "DELETE" -> fleet.remove(backend(request));
      default ->
          throw new IllegalArgumentException(
              "method " + request.getRequestMethod() + " is not supported for backends");
    }
    return fleet.backends().entrySet().stream()
        .map(backend ->
            "%s %s\n"
                .formatted(
                    InetAddresses.toAddrString(backend.getKey()),
                    backend.getValue() ? "alive" : "dead"))
        .collect(Collectors.joining());
  }

  private static InetAddress backend(HttpExchange request) {
    String path = request.getRequestURI().getPath();
    return InetAddresses.forString(path.substring(BACKENDS.length()).replaceFirst("^/", ""));
  }

  private String counters() {
    Counters counters = lb.counters();
    StringBuilder text = new StringBuilder();
    text.append("dropped ").append(counters.dropped().packets()).append('\n');
    for (Vip vip : lb.vips()) {
      text.append(vip.key()).append(' ').append(packets(counters.vip(vip))).append('\n');
      for (Backend backend : vip.backends()) {
        text.append(InetAddresses.toAddrString(backend.address()))
            .append(' ')
            .append(packets(counters.backend(backend)))
            .append('\n');
      }
    }
    return text.toString();
  }

  /** Returns 0 for a VIP or backend that has been removed meanwhile. */
  private static long packets(Optional<Count> count) {
    return count.orElse(Count.ZERO).packets();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
