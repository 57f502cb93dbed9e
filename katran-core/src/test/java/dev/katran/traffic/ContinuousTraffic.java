package dev.katran.traffic;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients that never stop: connections that stay open and send a message after the other, and
 * connections for a single message. Each reply is compared with what was sent.
 */
final class ContinuousTraffic implements AutoCloseable {

  /** Longer than a few retransmissions, shorter than what a user would wait for. */
  private static final Duration PATIENCE = Duration.ofSeconds(4);

  private static final Duration PAUSE = Duration.ofMillis(2);

  private final Client client;
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();
  private final AtomicLong messages = new AtomicLong();
  private final CountDownLatch running;
  private volatile boolean closed;

  /**
   * Starts clients.
   *
   * @param longLived the number of connections to each target that stay open
   */
  ContinuousTraffic(Client client, List<InetSocketAddress> targets, int longLived) {
    this.client = client;
    this.running = new CountDownLatch(targets.size() * (longLived + 1));
    for (InetSocketAddress target : targets) {
      for (int i = 0; i < longLived; i++) {
        start("download " + i, () -> exchangeOnOneConnection(target));
      }
      start("requests", () -> exchangeOnManyConnections(target));
    }
  }

  @FunctionalInterface
  private interface Exchange {
    void run() throws Exception;
  }

  private void start(String name, Exchange exchange) {
    client
        .host()
        .start(
            name,
            () -> {
              try {
                exchange.run();
              } catch (Exception e) {
                failures.add(name + " after " + messages + " messages: " + e);
              } finally {
                running.countDown();
              }
            });
  }

  private void exchangeOnOneConnection(InetSocketAddress target) throws Exception {
    try (Socket socket = connect(target)) {
      for (int number = 0; !closed; number++) {
        exchange(socket, number);
        Thread.sleep(PAUSE);
      }
    }
  }

  private void exchangeOnManyConnections(InetSocketAddress target) throws Exception {
    for (int number = 0; !closed; number++) {
      try (Socket socket = connect(target)) {
        exchange(socket, number);
      } catch (IOException e) {
        failures.add("request " + number + ": " + e);
      }
    }
  }

  private static Socket connect(InetSocketAddress target) throws IOException {
    Socket socket = new Socket();
    socket.setTcpNoDelay(true);
    socket.setSoLinger(true, 0); // so that ports are free again at once
    socket.setSoTimeout((int) PATIENCE.toMillis());
    socket.connect(target, (int) PATIENCE.toMillis());
    return socket;
  }

  private void exchange(Socket socket, int number) throws IOException {
    byte[] sent = Service.content(200 + number % 1000);
    socket.getOutputStream().write(sent);
    InputStream in = socket.getInputStream();
    byte[] received = in.readNBytes(sent.length);
    if (!Arrays.equals(sent, received)) {
      throw new IOException("%d of %d bytes came back".formatted(received.length, sent.length));
    }
    messages.incrementAndGet();
  }

  /** Returns what has failed so far. */
  List<String> failures() {
    return List.copyOf(failures);
  }

  /** Returns the number of messages that were answered. */
  long messages() {
    return messages.get();
  }

  @Override
  public void close() {
    closed = true;
    Uninterruptibles.awaitUninterruptibly(running);
  }
}
