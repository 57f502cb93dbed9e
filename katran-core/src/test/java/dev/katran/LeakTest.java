package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.common.collect.ImmutableList;
import dev.katran.lab.Host;
import dev.katran.lab.Lab;
import dev.katran.lab.LabException;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import dev.katran.needs.OpenFiles;
import dev.katran.packets.Packet;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Whatever a user does, again and again, leaves nothing behind: no descriptor (of a map, a program,
 * a link, a namespace or a socket), no mapping of a map, no thread and no heap. Cheap operations
 * run in every round, those that take milliseconds in some, so that this takes seconds.
 */
@NeedsKernel
@Tag("unemulated")
@NeedsNamespaces
class LeakTest {

  private static final int ROUNDS = 2000;

  /** By then all classes are loaded, and what is created once has been created. */
  private static final int WARM_UP = 400;

  /** Retained per round, 50 bytes would exceed this. Compiled code and its profiles stay below. */
  private static final long HEAP_TOLERANCE = 4L << 20;

  private static final Limits LIMITS =
      Limits.defaults().vips(8).backends(16).ringSize(251).flowTableSize(1024).serverIds(100);
  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Backend THREE = Backend.of("10.0.0.3");
  private static final Vip WEB = Vip.tcp("203.0.113.10", 80).backends(ONE, TWO).build();
  private static final Vip TRACKED =
      Vip.udp("203.0.113.10", 53).backends(ONE, TWO).tracking(Tracking.ALWAYS).build();

  /** As long as these are there, a change needs no other program, which takes long to load. */
  private static final Vip KEPT =
      Vip.udp("203.0.113.11", 53).backends(ONE).tracking(Tracking.ALWAYS).build();

  private static final Vip KEPT_CHANGING = Vip.tcp("203.0.113.11", 80).backends(ONE).build();

  private static final InetAddress ENDPOINT = InetAddress.ofLiteral("192.0.2.7");

  /**
   * Threads that the JVM starts and ends as it needs them. The process reaper, left by an earlier
   * test that ran a command, ends after a minute without work.
   */
  private static final Pattern OF_THE_JVM =
      Pattern.compile("ForkJoinPool|VirtualThread-|junit-|surefire-|process reaper");

  private LoadBalancer lb;
  private LoadBalancer twin;
  private Lab lab;
  private Host host;

  /** What a process holds that it could leak. */
  private record Holdings(
      Map<String, Integer> descriptors, long mappings, List<String> threads, long heap) {

    static Holdings now() throws IOException {
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      return new Holdings(
          OpenFiles.count(),
          countMappings(),
          Thread.getAllStackTraces().keySet().stream()
              .filter(Thread::isAlive)
              .map(Thread::getName)
              .filter(name -> !OF_THE_JVM.matcher(name).lookingAt())
              .sorted()
              .toList(),
          runtime.totalMemory() - runtime.freeMemory());
    }

    private static long countMappings() throws IOException {
      try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
        return lines.filter(line -> line.contains("bpf-map")).count();
      }
    }
  }

  @BeforeEach
  void open() {
    OpenFiles.loadClasses();
    lb = balancer().open();
    lb.put(KEPT);
    lb.put(KEPT_CHANGING);
    lb.put(KEPT_CHANGING.with(TWO));
    twin = LoadBalancer.inMemory().limits(LIMITS).open();
    lab = Lab.create();
    host = lab.host("backend");
  }

  private static LoadBalancerBuilder balancer() {
    return LoadBalancer.detached()
        .limits(LIMITS)
        .decapsulation(Decapsulation.ANY)
        .forwardingCores(ForwardingCore.of(0));
  }

  @AfterEach
  void close() {
    lab.close();
    twin.close();
    lb.close();
  }

  @Test
  void everything_thousandsOfTimes_leavesNothingBehind() throws Exception {
    for (int round = 0; round < WARM_UP; round++) {
      run(round);
    }
    Holdings before = Holdings.now();
    for (int round = WARM_UP; round < ROUNDS; round++) {
      run(round);
    }
    Holdings after = Holdings.now();

    assertThat(after.descriptors()).isEqualTo(before.descriptors());
    assertThat(after.mappings()).isEqualTo(before.mappings());
    assertThat(after.threads()).isEqualTo(before.threads());
    assertThat(after.heap() - before.heap()).as("bytes of heap").isLessThan(HEAP_TOLERANCE);
  }

  /** Both end in the middle of a cycle in which every operation has run. */
  private void run(int round) throws Exception {
    changeInMemory();
    readAndRefuse(round);
    if (round % 25 == 0) {
      changeTables(round);
    }
    if (round % 50 == 1) {
      changeVips();
    }
    if (round % 100 == 2) {
      failWithoutDescriptors(round / 100 % 8);
    }
    if (round % 200 == 3) {
      openAndClose();
    }
    if (round % 400 == 4) {
      attachAndDecapsulate();
    }
    if (round % 400 == 5) {
      createLab(round / 400 % 8);
    }
  }

  private void changeInMemory() {
    twin.put(WEB);
    twin.put(WEB.with(THREE));
    twin.put(TRACKED);
    twin.simulate(Packet.udp("198.51.100.7", 4000, "203.0.113.10", 53).frame());
    twin.serverIds().replace(Map.of(1, ONE, 2, TWO));
    twin.serverIds().clear();
    twin.apply(ImmutableList.of());
  }

  private void readAndRefuse(int round) {
    lb.simulate(Packet.tcp("198.51.100.7", 4000 + round, "203.0.113.10", 80).frame());
    lb.counters().total();
    lb.flows().report(Duration.ZERO);
    lb.flows().purge(WEB.key());
    lb.kernelResources();
    assertThatThrownBy(() -> lb.serverIds().putAll(tooMany()))
        .isInstanceOf(LimitExceededException.class);
    assertThatThrownBy(() -> lb.simulate(new byte[3])).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> LoadBalancer.on("no-such").open())
        .isInstanceOf(UnknownInterfaceException.class);
  }

  private static Map<Integer, Backend> tooMany() {
    return Stream.iterate(1, id -> id + 1)
        .limit(LIMITS.serverIds() + 1L)
        .collect(Collectors.toMap(id -> id, id -> ONE));
  }

  private void changeTables(int round) {
    lb.serverIds().put(round + 1, ONE);
    lb.serverIds().replace(Map.of(1, ONE, 2, THREE));
    lb.serverIds().clear();
    lb.sourceRoutes().put(Prefix.of("198.51.100.0/24"), TWO);
    lb.sourceRoutes().clear();
    lb.tunnelEndpoints().put(ENDPOINT, TunnelEndpoint.RECIRCULATE);
    lb.tunnelEndpoints().remove(ENDPOINT);
  }

  private void changeVips() {
    lb.put(WEB);
    lb.put(TRACKED);
    lb.update(WEB.key(), vip -> vip.with(THREE));
    lb.update(WEB.key(), vip -> vip.draining(ONE.key()));
    lb.whenDrained(WEB.key(), ONE.key(), Duration.ofSeconds(1), Duration.ofSeconds(1))
        .cancel(false);
    lb.simulate(Packet.udp("198.51.100.7", 4000, "203.0.113.10", 53).frame());
    lb.flows().forEach(flow -> {});
    lb.remove(WEB);
    lb.remove(TRACKED);
  }

  /** Each time with another number of descriptors left, so that another step fails. */
  private static void failWithoutDescriptors(int left) {
    try (LoadBalancer other = balancer().open()) {
      OpenFiles.withLeft(left, () -> attempt(() -> other.put(TRACKED)));
      OpenFiles.withLeft(left, () -> attempt(() -> balancer().open().close()));
    }
  }

  private static boolean attempt(Runnable task) {
    try {
      task.run();
      return true;
    } catch (LoadBalancerException | LabException e) {
      return false;
    }
  }

  private static void openAndClose() {
    try (LoadBalancer other = balancer().open()) {
      other.put(WEB);
      other.watch(WEB.key());
      other.serverIds().put(1, ONE);
    }
  }

  private void attachAndDecapsulate() throws Exception {
    try (LoadBalancer attached =
        host.call(() -> LoadBalancer.on(Host.INTERFACE).limits(LIMITS).open())) {
      attached.put(WEB);
      assertThatThrownBy(() -> host.call(() -> LoadBalancer.on(Host.INTERFACE).open()))
          .isInstanceOf(XdpHookBusyException.class);
      assertThatThrownBy(() -> host.call(() -> Decapsulator.on(Host.INTERFACE).open()))
          .isInstanceOf(XdpHookBusyException.class);
    }
    try (Decapsulator decapsulator = host.call(() -> Decapsulator.on(Host.INTERFACE).open())) {
      decapsulator.passed();
    }
    Thread.currentThread().interrupt();
    assertThatThrownBy(
            () -> host.call(() -> LoadBalancer.on(Host.INTERFACE).limits(LIMITS).open()).close())
        .isInstanceOf(InterruptedException.class);
    host.run(() -> {}); // waits until the worker has closed it
  }

  private static void createLab(int left) {
    OpenFiles.withLeft(left, () -> attempt(() -> Lab.create().close()));
    try (Lab other = Lab.create()) {
      other.host("client").start("idle", LeakTest::sleep);
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(Duration.ofHours(1));
    } catch (InterruptedException e) {
      // the lab is closed
    }
  }
}
