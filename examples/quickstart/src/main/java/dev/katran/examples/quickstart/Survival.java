package dev.katran.examples.quickstart;

import dev.katran.Count;
import dev.katran.TunnelKind;
import dev.katran.lab.Host;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

/**
 * The third act: the balancer runs in a JVM of its own and is pinned. That JVM is killed while
 * requests run, which go on without it, and another one adopts the balancer.
 */
final class Survival {

  /** The last packets of the last connections may still be in flight. */
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(20);

  private final Host host;
  private final Client client;
  private final List<BackendServer> servers;
  private final List<String> backends;
  private final Tally tally;
  private long printed;

  Survival(Host host, Client client, List<BackendServer> servers) {
    this.host = host;
    this.client = client;
    this.servers = servers;
    this.backends = servers.stream().flatMap(BackendServer::addresses).toList();
    this.tally = new Tally(servers.stream().map(BackendServer::name).toList());
  }

  /**
   * Plays the act.
   *
   * @param requests how many requests run before the kill, without a process, and after, at least
   */
  void play(int requests, Verdicts verdicts) throws Exception {
    System.out.printf(
        "%nThe balancer in a JVM of its own, pinned in %s. Requests over IPv4 and IPv6 run all the"
            + " time:%n",
        BpfFileSystem.PATH);
    long arrivedBefore = arrived();
    AtomicBoolean done = new AtomicBoolean();
    try (BpfFileSystem files = BpfFileSystem.mount()) {
      BalancerProcess first = BalancerProcess.start(host, files, backends);
      List<Thread> threads = client.startUntil(done, Vips.of(backends), tally);
      awaitMore(requests);
      print("process %d balances".formatted(first.pid()));

      first.kill();
      long killed = System.nanoTime();
      long before = tally.requests();
      awaitMore(requests);
      try (BalancerProcess second = BalancerProcess.start(host, files, backends)) {
        long alone = (System.nanoTime() - killed) / 1_000_000;
        long without = tally.requests() - before;
        print("killed: no process for %d ms".formatted(alone));
        awaitMore(requests);
        done.set(true);
        for (Thread thread : threads) {
          thread.join();
        }
        print("process %d adopted it in %d ms".formatted(second.pid(), second.millis()));
        System.out.println();
        verdicts
            .check(
                tally.failures() == 0,
                "none of %d requests failed, %d of them while the balancer had no process"
                    .formatted(tally.requests(), without),
                "%d failed; the first failure: %s"
                    .formatted(tally.failures(), tally.firstFailure()))
            .check(
                second.adopted() && awaitCount(second, arrivedBefore),
                "the new process adopted the balancer, which counted every packet meanwhile",
                second.adopted() ? "packets are missing" : "it installed another one");
      }
    } finally {
      done.set(true);
    }
  }

  /** Waits until more requests have been answered or have failed. */
  private void awaitMore(int requests) throws InterruptedException {
    long end = tally.requests() + requests;
    while (tally.requests() < end) {
      Thread.sleep(POLL_INTERVAL);
    }
  }

  /** Prints what happened, and the requests since the last line. */
  private void print(String what) {
    long now = tally.requests();
    System.out.printf("  %-42s %6d requests%n", what, now - printed);
    printed = now;
  }

  /** Waits until balancer and backends have counted the same packets, and returns whether so. */
  private boolean awaitCount(BalancerProcess balancer, long arrivedBefore) throws Exception {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (balancer.packets() != arrived() - arrivedBefore) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.sleep(POLL_INTERVAL);
    }
    return true;
  }

  /** Returns how many of the balancer's packets have arrived at the backends. */
  private long arrived() {
    return servers.stream()
        .map(BackendServer::decapsulator)
        .flatMap(d ->
            Stream.of(d.decapsulated(TunnelKind.IPIP), d.decapsulated(TunnelKind.IPV6_IN_IPV6)))
        .mapToLong(Count::packets)
        .sum();
  }
}
