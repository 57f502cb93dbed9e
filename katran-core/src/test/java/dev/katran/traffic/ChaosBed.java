package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.AttachMode;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.lab.Host;
import dev.katran.needs.BpfMount;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;

/** What {@link Disturbance}s act on: a pinned balancer, its network and clients. */
final class ChaosBed implements AutoCloseable {

  private static final int SERVERS = 3;
  private static final int DOWNLOADS = 6;

  /** Much longer than anything takes, also on a slow machine. */
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  /** After this time, an answer will not come, if its datagram may be lost. */
  private static final Duration LOST = Duration.ofMillis(400);

  private static final int FLOOD_RATE = 20_000;

  private final Random random;
  private final BpfMount files = BpfMount.open();
  private final Testbed testbed;
  private final List<String> backends;
  private final Cable cable;
  private final List<Cable> serverCables = new ArrayList<>();
  private final FrameStream flood;
  private final TcpClients connections;
  private final NumberedFlows datagrams;
  private final Causes causes = new Causes();
  private final Map<String, Integer> outcomes = new TreeMap<>();
  private PinnedBalancer balancer;
  private String current = "";

  ChaosBed(Random random) throws Exception {
    this.random = random;
    AtomicInteger number = new AtomicInteger();
    this.testbed =
        Testbed.of(
            SERVERS, host -> new NumberedService(number.getAndIncrement()), AttachMode.AUTOMATIC);
    this.backends =
        testbed.servers().stream().map(server -> server.host().ipv4().getHostAddress()).toList();
    this.cable = new Cable(testbed.lab(), testbed.balancer());
    for (Server server : testbed.servers()) {
      serverCables.add(new Cable(testbed.lab(), server.host()));
    }
    Host client = testbed.client().host();
    this.flood =
        new FrameStream(
            client.ifindex(),
            MacAddress.parse(client.mac()),
            MacAddress.parse(client.routerMac()),
            PinnedBalancer.target(Testbed.VIP_IPV4),
            1,
            FLOOD_RATE);
    this.balancer = PinnedBalancer.start(testbed, folder());
    balancer.run("use", backends);
    this.connections =
        new TcpClients(
            testbed.client(),
            List.of(
                PinnedBalancer.target(Testbed.VIP_IPV4), PinnedBalancer.target(Testbed.VIP_IPV6)),
            DOWNLOADS);
    this.datagrams = new NumberedFlows(testbed.client(), PinnedBalancer.target(Testbed.VIP_IPV4));
  }

  Random random() {
    return random;
  }

  /** Waits for a random time. */
  void pause(int mostMillis) throws InterruptedException {
    Thread.sleep(random.nextInt(mostMillis));
  }

  /** Returns the folder of pins. */
  Path folder() {
    return mount().resolve("katran");
  }

  /** Returns where the file system with the folder is mounted. */
  Path mount() {
    return files.path();
  }

  PinnedBalancer balancer() {
    return balancer;
  }

  /** Returns the namespace of the balancer's host, which the caller closes. */
  NetworkNamespace namespace() throws Exception {
    return testbed.balancer().call(NetworkNamespace::current);
  }

  /** Returns the cable between the balancer and the router. */
  Cable cable() {
    return cable;
  }

  /** Returns the cable between a server and the router. */
  Cable cableOf(int server) {
    return serverCables.get(server);
  }

  Server server(int number) {
    return testbed.servers().get(number);
  }

  /** Returns the addresses of all servers. */
  List<String> backends() {
    return backends;
  }

  /** Returns the addresses of all servers but one. */
  List<String> backendsWithout(int server) {
    List<String> others = new ArrayList<>(backends);
    others.remove(server);
    return others;
  }

  int randomServer() {
    return random.nextInt(SERVERS);
  }

  /** Starts another process like the last one, which must find what was there before. */
  void adopt() throws Exception {
    adoptBy(PinnedBalancer.start(testbed, folder()));
  }

  /** Continues with another process. */
  void adoptBy(PinnedBalancer next) {
    balancer = next;
    assertThat(next.isAdopted()).isTrue();
    assertThat(next.vips()).isBetween(3, 4);
  }

  /**
   * Attempts a change of rings and VIPs, which may fail, and counts how it went.
   *
   * @return whether the process still lives
   */
  boolean attempt(int weight) {
    String answer;
    try {
      answer = balancer.attempt("extra " + weight, backends);
    } catch (IOException e) {
      answer = null;
    }
    String outcome = answer == null ? "died" : answer.split(" ", 2)[0];
    outcomes.merge(current + ": " + outcome, 1, Integer::sum);
    return answer != null;
  }

  /** Sends many SYNs whose handshakes are never completed. */
  void flood(int count) throws Exception {
    testbed.client().host().run(() -> flood.sendSyns(count));
  }

  /**
   * Does something by which traffic is lost, until it flows again.
   *
   * @param server the only server whose traffic may be lost, or {@link Causes#ANY}
   */
  void losing(Cause cause, int server, Disturbance.Action action) throws Exception {
    check();
    long start = System.nanoTime();
    action.run(this);
    assertThat(datagrams.awaitAnswers(PATIENCE))
        .as("%s: datagrams pass again after: %s", current, cause)
        .isTrue();
    long end = System.nanoTime();
    List<NumberedFlows.Lost> lost = datagrams.quiesce(LOST);
    List<NumberedFlows.Move> moves = datagrams.takeMoves();
    causes.happened(cause, server, start, end);
    if (server != Causes.ANY) {
      assertThat(lost).as(current).allMatch(datagram -> datagram.server() == server);
    }
    if (!Causes.isLong(start, end)) {
      assertThat(moves).as(current).allMatch(move -> cause.movesFlows() && move.from() == server);
    }
    causes.lost(cause, lost.size());
    causes.moved(cause, moves.size());
    datagrams.resume();
  }

  /** Checks that nothing was lost for which there is no cause. */
  void check() {
    List<NumberedFlows.Lost> lost = datagrams.quiesce(PATIENCE);
    List<NumberedFlows.Move> moves = datagrams.takeMoves();
    assertThat(lost).as("%s: lost datagrams", current).isEmpty();
    assertThat(moves).as("%s: flows that moved", current).isEmpty();
    assertThat(causes.unexplained(connections.takeFailures()))
        .as("%s: failed connections", current)
        .isEmpty();
    datagrams.resume();
  }

  /** Lets something happen, and checks what was lost. */
  void run(Disturbance disturbance) throws Exception {
    current = disturbance.name();
    disturbance.run(this);
    check();
  }

  /** Returns what was lost and why, and how much was not lost. */
  @Override
  public String toString() {
    return causes
        + "changes: %s%n%,d of %,d datagrams answered, %,d responses, %,d bytes"
            .formatted(
                outcomes,
                datagrams.answered(),
                datagrams.sent(),
                connections.requests(),
                connections.downloaded());
  }

  @Override
  public void close() {
    balancer.kill();
    connections.close();
    datagrams.close();
    flood.close();
    cable.close();
    serverCables.forEach(Cable::close);
    testbed.close();
    files.close();
  }
}
