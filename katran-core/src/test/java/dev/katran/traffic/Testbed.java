package dev.katran.traffic;

import dev.katran.AttachMode;
import dev.katran.Backend;
import dev.katran.Flow;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.lab.Host;
import dev.katran.lab.HostOptions;
import dev.katran.lab.Lab;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A network of a client, a balancer and servers, connected by a router that forwards packets to
 * {@link #VIP_IPV4} and {@link #VIP_IPV6} to the balancer.
 */
final class Testbed implements AutoCloseable {

  static final String VIP_IPV4 = "203.0.113.10";
  static final String VIP_IPV6 = "2001:db8:feed::10";
  static final int PORT = 8080;

  /** Leaves room for the outer header on the links to the servers. */
  private static final HostOptions FABRIC = HostOptions.DEFAULT.mtu(1600);

  private final Lab lab;
  private final Client client;
  private final Host balancer;
  private final List<Server> servers = new ArrayList<>();
  private final AtomicInteger nextPort = new AtomicInteger(20_000);

  private Testbed(Lab lab) {
    this.lab = lab;
    this.client = new Client(lab.host("client"));
    this.balancer = lab.host("balancer", FABRIC);
    lab.route(VIP_IPV4, balancer);
    lab.route(VIP_IPV6, balancer);
  }

  static Testbed of(int servers, Service service) throws Exception {
    return of(servers, host -> service, AttachMode.AUTOMATIC);
  }

  /** Creates a testbed whose servers serve {@link #PORT} of both VIPs. */
  static Testbed of(int servers, Function<Host, Service> service, AttachMode decapsulators)
      throws Exception {
    Testbed testbed = new Testbed(Lab.create());
    try {
      for (int i = 1; i <= servers; i++) {
        Host host = testbed.lab.host("server-" + i, FABRIC);
        Server server = Server.start(host, service.apply(host), decapsulators);
        testbed.servers.add(server);
        server.listen(VIP_IPV4, PORT);
        server.listen(VIP_IPV6, PORT);
      }
      return testbed;
    } catch (Exception e) {
      testbed.close();
      throw e;
    }
  }

  Lab lab() {
    return lab;
  }

  Client client() {
    return client;
  }

  Host balancer() {
    return balancer;
  }

  List<Server> servers() {
    return servers;
  }

  /** Opens a balancer on its host, with source addresses for GUE. */
  LoadBalancer open() throws Exception {
    return open(UnaryOperator.identity());
  }

  /** Opens a balancer like {@link #open()}, with additional settings. */
  LoadBalancer open(UnaryOperator<LoadBalancerBuilder> settings) throws Exception {
    LoadBalancerBuilder builder =
        LoadBalancer.on(Host.INTERFACE)
            .sourceAddress(balancer.ipv4().getHostAddress())
            .sourceAddress(balancer.ipv6().getHostAddress());
    return balancer.call(() -> settings.apply(builder).open());
  }

  /** Returns the socket address that clients send to. */
  static InetSocketAddress target(Vip vip) {
    return new InetSocketAddress(vip.address(), vip.port());
  }

  /** Returns a new source address of the client whose flow the VIP's ring maps to a backend. */
  InetSocketAddress sourceFor(LoadBalancer lb, Vip vip, Backend backend) {
    InetSocketAddress target = target(vip);
    return Stream.generate(() -> client.source(target, nextPort.getAndIncrement()))
        .filter(source ->
            lb.route(flow(source, target, vip.protocol())).backend().equals(Optional.of(backend)))
        .findFirst()
        .orElseThrow();
  }

  static Flow flow(InetSocketAddress from, InetSocketAddress to, Protocol protocol) {
    return new Flow(from.getAddress(), from.getPort(), to.getAddress(), to.getPort(), protocol);
  }

  @Override
  public void close() {
    servers.forEach(Server::close);
    lab.close();
  }
}
