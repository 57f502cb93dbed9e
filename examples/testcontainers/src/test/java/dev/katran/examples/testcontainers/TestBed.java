package dev.katran.examples.testcontainers;

import com.github.dockerjava.api.command.CreateContainerCmd;
import com.github.dockerjava.api.model.Capability;
import dev.katran.Backend;
import dev.katran.Flow;
import dev.katran.Ring;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.TestInfo;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.containers.wait.strategy.Wait;
import org.testcontainers.images.builder.ImageFromDockerfile;
import org.testcontainers.lifecycle.Startables;

/** The service, a client and backends, each in its own container, on a dedicated network. */
final class TestBed implements AutoCloseable {

  static final String VIP_IPV4 = "203.0.113.10";
  static final String VIP_IPV6 = "2001:db8::10";
  static final List<String> VIPS = List.of(VIP_IPV4, VIP_IPV6);
  static final int PORT = 8080;

  private static final int SERVICE_NUMBER = 2;
  private static final int CLIENT_NUMBER = 3;

  /** Added to a backend's number to give its address. */
  private static final int BACKEND_OFFSET = 10;

  /**
   * Turns off forwarding. A container inherits the engine's IPv4 forwarding, so while no program is
   * attached the service's kernel would send packets for the VIPs along its default route, out of
   * this machine, to a host that may answer with a reset.
   */
  private static final Map<String, String> FORWARDING_OFF =
      Map.of("net.ipv4.ip_forward", "0", "net.ipv6.conf.all.forwarding", "0");

  private static final String SERVICE = "service";

  /** Holds what outlives the service's container: its network namespace and its pins. */
  private static final String SANDBOX = "sandbox";

  private static final Map<String, String> ENVIRONMENT =
      Map.of(
          "KATRAN_ATTACH",
          "GENERIC",
          "KATRAN_VIPS",
          "%s:%d [%s]:%2$d".formatted(VIP_IPV4, PORT, VIP_IPV6));

  private final ContainerLogs logs;
  private final Subnet subnet = Subnet.create();
  private final @Nullable BpfVolume pins;
  private final Map<String, GenericContainer<?>> containers = new LinkedHashMap<>();

  private TestBed(ContainerLogs logs, @Nullable BpfVolume pins) {
    this.logs = logs;
    this.pins = pins;
  }

  /**
   * Starts the service, a client, and backends 1 to {@code backends}, which the service is
   * configured with.
   */
  static TestBed start(TestInfo test, int backends) {
    return new TestBed(ContainerLogs.of(test), null).start(backends);
  }

  /**
   * Starts the same with a balancer that is pinned. The interface lives in the network namespace of
   * a container beside the service's, like that of a Kubernetes pod: a network namespace, and what
   * is attached in it, ends with its last process.
   */
  static TestBed startPinned(TestInfo test, int backends) {
    return new TestBed(ContainerLogs.of(test), BpfVolume.create()).start(backends);
  }

  private TestBed start(int backends) {
    try {
      if (pins == null) {
        add(SERVICE, Images.SERVICE, SERVICE_NUMBER)
            .withEnv(serviceEnvironment(backends))
            .withExposedPorts(Control.PORT)
            .waitingFor(Wait.forHttp("/backends"));
      } else {
        addSandbox(pins);
        addServiceInSandbox(SERVICE, backends);
      }
      addClient();
      IntStream.rangeClosed(1, backends).forEach(this::addBackend);
      Startables.deepStart(containers.values()).join();
      return this;
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private Map<String, String> serviceEnvironment(int backends) {
    String addresses =
        IntStream.rangeClosed(1, backends)
            .boxed()
            .flatMap(
                n -> Stream.of(subnet.ipv4(BACKEND_OFFSET + n), subnet.ipv6(BACKEND_OFFSET + n)))
            .collect(Collectors.joining(" "));
    return Map.of("KATRAN_BACKENDS", addresses, "KATRAN_MAX_PACKET_SIZE", "1474");
  }

  private void addSandbox(BpfVolume pins) {
    add(SANDBOX, Images.SERVICE, SERVICE_NUMBER)
        .withExposedPorts(Control.PORT)
        .waitingFor(Wait.forSuccessfulCommand("true"))
        .withCreateContainerCmdModifier(command -> {
          command.withEntrypoint("sleep", "infinity");
          pins.mount(command);
        });
  }

  private GenericContainer<?> addServiceInSandbox(String name, int backends) {
    GenericContainer<?> sandbox = containers.get(SANDBOX);
    GenericContainer<?> service =
        new GenericContainer<>(Images.SERVICE)
            .dependsOn(sandbox)
            .withCreateContainerCmdModifier(command -> {
              command.getHostConfig().withNetworkMode("container:" + sandbox.getContainerId());
              Objects.requireNonNull(pins).mount(command);
              grant(command, Capability.SYS_ADMIN, Capability.NET_ADMIN);
            })
            .withEnv(ENVIRONMENT)
            .withEnv(serviceEnvironment(backends))
            .withEnv("KATRAN_PIN_FOLDER", BpfVolume.FOLDER)
            .waitingFor(Wait.forLogMessage(".*serving .*\n", 1));
    containers.put(name, service);
    return service;
  }

  private void addClient() {
    add("client", Images.CLIENT, CLIENT_NUMBER)
        .withEnv("BALANCER", subnet.ipv4(SERVICE_NUMBER) + " " + subnet.ipv6(SERVICE_NUMBER))
        .withExposedPorts(Control.PORT)
        .waitingFor(Wait.forLogMessage(".*is ready.*\n", 1));
  }

  private GenericContainer<?> addBackend(int number) {
    return add(backend(number), Images.BACKEND, BACKEND_OFFSET + number)
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
              command.getHostConfig().withSysctls(FORWARDING_OFF);
              grant(command, Capability.SYS_ADMIN, Capability.NET_ADMIN);
            })
            .withEnv(ENVIRONMENT);
    containers.put(name, container);
    return container;
  }

  /** Grants a container additional capabilities. */
  static void grant(CreateContainerCmd command, Capability... capabilities) {
    command.getHostConfig().withCapAdd(capabilities);
  }

  /** Returns the name of a backend. */
  static String backend(int number) {
    return "backend-" + number;
  }

  /** Starts another backend, which the service is not configured with. */
  void startBackend(int number) {
    addBackend(number).start();
  }

  /** Stops a backend and removes its container. */
  void stopBackend(int number) {
    stop(backend(number));
  }

  /** Stops the service but keeps its container. */
  void stopService() {
    GenericContainer<?> service = containers.get(SERVICE);
    service.getDockerClient().stopContainerCmd(service.getContainerId()).exec();
  }

  /** Kills the service's container, of which the service learns nothing. */
  void killService() {
    GenericContainer<?> service = containers.get(SERVICE);
    service.getDockerClient().killContainerCmd(service.getContainerId()).exec();
    service.getDockerClient().waitContainerCmd(service.getContainerId()).start().awaitStatusCode();
  }

  /** Restarts the service in its container. */
  void restartService() {
    GenericContainer<?> service = containers.get(SERVICE);
    service.getDockerClient().startContainerCmd(service.getContainerId()).exec();
  }

  /** Starts another container with the service beside a pinned one, which makes way for it. */
  void replaceService(int backends) {
    addServiceInSandbox("replacement", backends).start();
  }

  /** Returns what the service has logged in its first container, restarts included. */
  String serviceLogs() {
    return containers.get(SERVICE).getLogs();
  }

  boolean isServiceRunning() {
    return containers.get(SERVICE).isRunning();
  }

  /** Returns the HTTP interface of the service. */
  Control service() {
    return new Control(containers.get(pins == null ? SERVICE : SANDBOX));
  }

  /** Returns the HTTP interface of the client. */
  Control client() {
    return new Control(containers.get("client"));
  }

  /** Returns the IPv4 and the IPv6 address of a backend. */
  List<String> addresses(int number) {
    return List.of(subnet.ipv4(BACKEND_OFFSET + number), subnet.ipv6(BACKEND_OFFSET + number));
  }

  /** Returns the backend that the ring of the given backends selects for each client port. */
  Map<String, String> ringChoice(String vip, int from, int count, int... backends) {
    boolean ipv6 = vip.equals(VIP_IPV6);
    Map<Backend, String> names = new LinkedHashMap<>();
    for (int number : backends) {
      names.put(Backend.of(addresses(number).get(ipv6 ? 1 : 0)), backend(number));
    }
    Ring ring = Ring.of(List.copyOf(names.keySet()));
    String client = ipv6 ? subnet.ipv6(CLIENT_NUMBER) : subnet.ipv4(CLIENT_NUMBER);
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
    List.copyOf(containers.keySet()).reversed().forEach(this::stop);
    subnet.close();
    if (pins != null) {
      pins.close();
    }
  }
}
