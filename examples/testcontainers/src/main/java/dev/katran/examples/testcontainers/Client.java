package dev.katran.examples.testcontainers;

import com.google.common.base.Splitter;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Rtnetlink;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A client that is controlled over HTTP: which VIP to send to, and from which source ports. Each
 * answer has one line per port with the backend's answer.
 *
 * <ul>
 *   <li>{@code POST /send?to=203.0.113.10:8080&from=20000&count=100&bytes=10} sends on new
 *       connections and closes them.
 *   <li>{@code POST /hold?...} sends on new connections and keeps them open.
 *   <li>{@code POST /held} sends on the connections that were kept open.
 * </ul>
 */
public final class Client {

  private static final int CONTROL_PORT = 9000;

  private final Map<Integer, Connection> held = new ConcurrentHashMap<>();

  private Client() {}

  /**
   * Runs until the process is stopped. Reads the interface and the VIPs from the same environment
   * variables as the service, and the balancer's addresses from {@code BALANCER}.
   */
  public static void main(String[] args) {
    try {
      Settings settings = Settings.from(System.getenv());
      List<InetAddress> balancers =
          new Settings.Variables(System.getenv()).get("BALANCER", null, Settings::addresses);
      // No network card is on the path to fill in checksums or segment large packets. Turning off
      // the offload leaves both to the kernel.
      Ethtool.setFeature(settings.interfaceName(), Ethtool.Feature.TX_CHECKSUM, false);
      addRoutes(settings, balancers);
      new Client().serve();
    } catch (IllegalArgumentException | NativeException | IOException e) {
      System.err.println("client: " + e.getMessage());
      System.exit(1);
    }
  }

  private static void addRoutes(Settings settings, List<InetAddress> balancers) {
    try (Rtnetlink netlink = Rtnetlink.open()) {
      int ifindex = netlink.link(settings.interfaceName()).index();
      for (HostAndPort vip : settings.vips()) {
        InetAddress address = InetAddresses.forString(vip.getHost());
        balancers.stream()
            .filter(balancer -> balancer.getClass() == address.getClass())
            .forEach(balancer -> netlink.addRoute(Cidr.host(address), balancer, ifindex));
      }
    }
  }

  private void serve() throws IOException {
    HttpServer server = Http.server(CONTROL_PORT);
    server.createContext("/send", Http.handler(request -> send(new Query(request), false)));
    server.createContext("/hold", Http.handler(request -> send(new Query(request), true)));
    server.createContext("/held", Http.handler(_ -> sendOnHeld()));
    server.start();
    System.out.println("client is ready");
  }

  private String send(Query query, boolean keep) {
    HostAndPort to = HostAndPort.fromString(query.text("to"));
    InetSocketAddress target =
        new InetSocketAddress(InetAddresses.forString(to.getHost()), to.getPort());
    int from = query.number("from");
    int bytes = query.number("bytes");
    List<Integer> ports = IntStream.range(from, from + query.number("count")).boxed().toList();
    return answers(
        ports,
        port -> {
          Connection connection = Connection.open(port, target);
          try {
            return connection.send(bytes);
          } finally {
            if (keep) {
              held.put(port, connection);
            } else {
              connection.close();
            }
          }
        });
  }

  private String sendOnHeld() {
    return answers(List.copyOf(held.keySet()), port -> held.get(port).send(1));
  }

  /** Obtains the answer for a port. */
  @FunctionalInterface
  private interface Exchange {
    String run(int port) throws IOException;
  }

  /** Obtains the answers for all ports concurrently. */
  private static String answers(List<Integer> ports, Exchange exchange) {
    Map<Integer, String> answers = new ConcurrentSkipListMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      ports.forEach(port -> threads.execute(() -> answers.put(port, answer(port, exchange))));
    }
    return answers.entrySet().stream()
        .map(answer -> answer.getKey() + " " + answer.getValue() + "\n")
        .collect(Collectors.joining());
  }

  private static String answer(int port, Exchange exchange) {
    try {
      return exchange.run(port);
    } catch (IOException e) {
      return "failed: " + e.getMessage();
    }
  }

  /** The parameters of a request. */
  private record Query(Map<String, String> parameters) {

    Query(HttpExchange request) {
      this(Splitter.on('&').withKeyValueSeparator('=').split(request.getRequestURI().getQuery()));
    }

    String text(String name) {
      String value = parameters.get(name);
      if (value == null) {
        throw new IllegalArgumentException("parameter " + name + " is missing");
      }
      return value;
    }

    int number(String name) {
      return Integer.parseInt(text(name));
    }
  }
}
