package dev.katran.examples.testcontainers;

import com.google.common.net.InetAddresses;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Checks periodically whether each backend accepts connections, and updates the fleet. */
final class HealthChecks implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(HealthChecks.class);

  private static final Duration INTERVAL = Duration.ofMillis(250);
  private static final Duration TIMEOUT = Duration.ofSeconds(1);

  /**
   * Consecutive failures before a backend counts as dead, so that one that is merely slow keeps its
   * flows.
   */
  private static final int MAX_FAILURES = 3;

  private final Fleet fleet;
  private final int port;
  private final Map<InetAddress, Integer> failures = new HashMap<>();
  private final Thread thread;

  private HealthChecks(Fleet fleet, int port) {
    this.fleet = fleet;
    this.port = port;
    this.thread = Thread.ofPlatform().daemon().name("health-checks").unstarted(this::run);
  }

  /** Starts checking the TCP port of the backends. */
  static HealthChecks start(Fleet fleet, int port) {
    HealthChecks checks = new HealthChecks(fleet, port);
    checks.thread.start();
    return checks;
  }

  private void run() {
    try {
      while (true) {
        fleet.backends().forEach(this::check);
        failures.keySet().retainAll(fleet.backends().keySet());
        Thread.sleep(INTERVAL);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // closed
    }
  }

  private void check(InetAddress backend, boolean wasAlive) {
    int failed = accepts(backend) ? 0 : failures.getOrDefault(backend, 0) + 1;
    failures.put(backend, failed);
    boolean isAlive = failed == 0 || (wasAlive && failed < MAX_FAILURES);
    if (isAlive != wasAlive) {
      log.info("{} is {}", InetAddresses.toAddrString(backend), isAlive ? "alive" : "dead");
      try {
        fleet.setAlive(backend, isAlive);
      } catch (RuntimeException e) {
        log.error("cannot update the fleet, retrying at the next check", e);
      }
    }
  }

  private boolean accepts(InetAddress backend) {
    try (Socket socket = new Socket()) {
      socket.connect(new InetSocketAddress(backend, port), Math.toIntExact(TIMEOUT.toMillis()));
      return true;
    } catch (IOException e) {
      log.debug("{} does not accept connections", backend, e);
      return false;
    }
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
