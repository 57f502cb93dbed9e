package dev.katran.examples.testcontainers;

import com.google.common.base.Splitter;
import com.google.common.net.HostAndPort;
import com.google.common.net.InetAddresses;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Prefix;
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
 * A client that is told over HTTP what to ask the VIPs, and from which ports. Each of its answers
 * has a line for each port, with what came back.
 *
 * <ul>
 *   <li>{@code POST /ask?to=203.0.113.10:8080&from=20000&count=100&bytes=10} asks on connections of
 *       their own.
 *   <li>{@code POST /hold?...} does the same, and keeps the connections.
 *   <li>{@code POST /held} asks on the connections that were kept.
 * </ul>
 */
public final class Client {

  private static final int CONTROL_PORT = 9000;

  private final Map<Integer, Connection> held = new ConcurrentHashMap<>();

  private Client() {}

  /**
   * Runs until the process is told to stop. The environment has the interface and the VIPs in the
   * service's variables, and in {@code BALANCER} the addresses of the balancer.
   */
  public static void main(String[] args) {
    try {
      Settings settings = Settings.from(System.getenv());
      List<InetAddress> balancers =
          new Settings.Variables(System.getenv()).get("BALANCER", null, Settings::addresses);
      // Packets meet no network card on their way, which would fill in checksums and cut what is
      // beyond the MTU; this leaves both to the kernel.
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
            .forEach(balancer -> netlink.addRoute(Prefix.host(address), balancer, ifindex));
      }
    }
  }

  private void serve() throws IOException {
    HttpServer server = Http.server(CONTROL_PORT);
    server.createContext("/ask", Http.handler(request -> ask(new Query(request), false)));
    server.createContext("/hold", Http.handler(request -> ask(new Query(request), true)));
    server.createContext("/held", Http.handler(_ -> askHeld()));
    server.start();
    System.out.println("client is ready");
  }

  private String ask(Query query, boolean keep) {
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
            return connection.ask(bytes);
          } finally {
            if (keep) {
              held.put(port, connection);
            } else {
              connection.close();
            }
          }
        });
  }

  private String askHeld() {
    return answers(List.copyOf(held.keySet()), port -> held.get(port).ask(1));
  }

  /** What is to be said of a port. */
  @FunctionalInterface
  private interface Question {
    String ask(int port) throws IOException;
  }

  /** Asks for all ports at once. */
  private static String answers(List<Integer> ports, Question question) {
    Map<Integer, String> answers = new ConcurrentSkipListMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      ports.forEach(port -> threads.execute(() -> answers.put(port, answer(port, question))));
    }
    return answers.entrySet().stream()
        .map(answer -> answer.getKey() + " " + answer.getValue() + "\n")
        .collect(Collectors.joining());
  }

  private static String answer(int port, Question question) {
    try {
      return question.ask(port);
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
        throw new IllegalArgumentException("the parameter " + name + " is missing");
      }
      return value;
    }

    int number(String name) {
      return Integer.parseInt(text(name));
    }
  }
}
