package dev.katran.examples.testcontainers;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Capability;
import dev.katran.Backend;
import dev.katran.Flow;
import dev.katran.Ring;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.TestInfo;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.lifecycle.Startables;

/** The service, a client and backends, each in a container, on a network of their own. */
final class Site implements AutoCloseable {

  static final String VIP_IPV4 = "203.0.113.10";
  static final String VIP_IPV6 = "2001:db8::10";
  static final List<String> VIPS = List.of(VIP_IPV4, VIP_IPV6);
  static final int PORT = 8080;

  private static final int SERVICE = 2;
  private static final int CLIENT = 3;

  /** The address of backend n is this much more. */
  private static final int BACKENDS = 10;

  /**
   * A container inherits the engine's forwarding of IPv4. While no program is attached, the
   * service's kernel would send packets to the VIPs by its default route, out of this machine, to
   * whoever answers with a reset.
   */
  private static final Map<String, String> NO_ROUTER =
      Map.of("net.ipv4.ip_forward", "0", "net.ipv6.conf.all.forwarding", "0");

  private final ContainerLogs logs;
  private final Subnet subnet = Subnet.create();
  private final Map<String, GenericContainer<?>> containers = new LinkedHashMap<>();

  private Site(ContainerLogs logs) {
    this.logs = logs;
  }

  /** Starts the service, a client, and backends 1 to {@code backends}, which the service knows. */
  static Site start(TestInfo test, int backends) {
    Site site = new Site(ContainerLogs.of(test));
    try {
      site.addService(backends);
      site.addClient();
      IntStream.rangeClosed(1, backends).forEach(site::addBackend);
      Startables.deepStart(site.containers.values()).join();
      return site;
    } catch (RuntimeException | Error e) {
      site.close();
      throw e;
    }
  }

  private void addService(int backends) {
    String addresses =
        IntStream.rangeClosed(1, backends)
            .boxed()
            .flatMap(n -> Stream.of(subnet.ipv4(BACKENDS + n), subnet.ipv6(BACKENDS + n)))
            .collect(Collectors.joining(" "));
    add("service", Images.SERVICE, SERVICE)
        .withEnv("KATRAN_BACKENDS", addresses)
        .withEnv("KATRAN_MAX_PACKET_SIZE", "1474")
        .withExposedPorts(Control.PORT)
        .waitingFor(Wait.forHttp("/backends"));
  }

  private void addClient() {
    add("client", Images.CLIENT, CLIENT)
        .withEnv("BALANCER", subnet.ipv4(SERVICE) + " " + subnet.ipv6(SERVICE))
        .withExposedPorts(Control.PORT)
        .waitingFor(Wait.forLogMessage(".*is ready.*\n", 1));
  }

  private GenericContainer<?> addBackend(int number) {
    return add(backend(number), Images.BACKEND, BACKENDS + number)
        .withEnv("BACKEND_NAME", backend(number))
        .waitingFor(Wait.forLogMessage(".*is listening.*\n", 1));
  }

  private GenericContainer<?> add(String name, ImageFromDockerfile image, int number) {
    GenericContainer<?> container =
        new GenericContainer<>(image)
            .withNetwork(subnet.network())
            .withCreateContainerCmdModifier(command -> {
              command
                  .withHostName(name)
                  .withIpv4Address(subnet.ipv4(number))
                  .withIpv6Address(subnet.ipv6(number));
              command.getHostConfig().withSysctls(NO_ROUTER);
              grant(command, Capability.SYS_ADMIN, Capability.NET_ADMIN);
            })
            .withEnv("KATRAN_ATTACH", "GENERIC")
            .withEnv("KATRAN_VIPS", "%s:%d [%s]:%2$d".formatted(VIP_IPV4, PORT, VIP_IPV6));
    containers.put(name, container);
    return container;
  }

  /** Gives a container capabilities besides those that it has anyway. */
  static void grant(CreateContainerCmd command, Capability... capabilities) {
    command.getHostConfig().withCapAdd(capabilities);
  }

  /** The name of a backend. */
  static String backend(int number) {
    return "backend-" + number;
  }

  /** Starts one more backend, which the service does not know yet. */
  void startBackend(int number) {
    addBackend(number).start();
  }

  /** Stops a backend and removes its container. */
  void stopBackend(int number) {
    stop(backend(number));
  }

  /** Stops the service, whose container stays. */
  void stopService() {
    GenericContainer<?> service = service().container();
    service.getDockerClient().stopContainerCmd(service.getContainerId()).exec();
  }

  /** Starts the service again in its container. */
  void startServiceAgain() {
    GenericContainer<?> service = service().container();
    service.getDockerClient().startContainerCmd(service.getContainerId()).exec();
  }

  /** The HTTP interface of the service. */
  Control service() {
    return new Control(containers.get("service"));
  }

  /** The HTTP interface of the client. */
  Control client() {
    return new Control(containers.get("client"));
  }

  /** The addresses of a backend. */
  List<String> addresses(int number) {
    return List.of(subnet.ipv4(BACKENDS + number), subnet.ipv6(BACKENDS + number));
  }

  /** Which backend serves each of the client's ports, by the ring of these backends. */
  Map<String, String> byTheRing(String vip, int from, int count, int... backends) {
    boolean ipv6 = vip.equals(VIP_IPV6);
    Map<Backend, String> names = new LinkedHashMap<>();
    for (int number : backends) {
      names.put(Backend.of(addresses(number).get(ipv6 ? 1 : 0)), backend(number));
    }
    Ring ring = Ring.maglev(List.copyOf(names.keySet()));
    String client = ipv6 ? subnet.ipv6(CLIENT) : subnet.ipv4(CLIENT);
    Map<String, String> expected = new TreeMap<>();
    for (int port = from; port < from + count; port++) {
      Backend backend = ring.backend(Flow.tcp(client, port, vip, PORT)).orElseThrow();
      expected.put(Integer.toString(port), names.get(backend));
    }
    return expected;
  }

  private void stop(String name) {
    GenericContainer<?> container = containers.remove(name);
    try {
      logs.keep(name, container);
    } finally {
      container.stop();
    }
  }

  @Override
  public void close() {
    List.copyOf(containers.keySet()).forEach(this::stop);
    subnet.close();
  }
}
