package dev.katran.traffic;

import com.google.common.util.concurrent.Uninterruptibles;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients of {@link NumberedService}: connections with one long download after the other, and a
 * connection for each short request. Those that fail are replaced.
 */
final class TcpClients implements AutoCloseable {

  /** Longer than what retransmissions need after an interruption, also on a slow machine. */
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private static final int LONG = 4_000_000;
  private static final int SHORT = 1000;

  /** Between two parts of a download, and after a request. */
  private static final Duration PAUSE = Duration.ofMillis(5);

  private final Client client;
  private final Queue<TcpFailure> failures = new ConcurrentLinkedQueue<>();
  private final AtomicLong requests = new AtomicLong();
  private final AtomicLong downloaded = new AtomicLong();
  private final CountDownLatch running;
  private volatile boolean closed;

  /**
   * Starts clients.
   *
   * @param downloads the number of connections to each target that stay open
   */
  TcpClients(Client client, List<InetSocketAddress> targets, int downloads) {
    this.client = client;
    this.running = new CountDownLatch(targets.size() * (downloads + 1));
    for (InetSocketAddress target : targets) {
      for (int i = 0; i < downloads; i++) {
        start("download", () -> connect("download", target, LONG, Integer.MAX_VALUE));
      }
      start("request", () -> connect("request", target, SHORT, 1));
    }
  }

  private void start(String name, Runnable connection) {
    client
        .host()
        .start(
            name,
            () -> {
              try {
                while (!closed) {
                  connection.run();
                }
              } finally {
                running.countDown();
              }
            });
  }

  private void connect(String kind, InetSocketAddress target, int length, int times) {
    long start = System.nanoTime();
    int server = TcpFailure.UNKNOWN;
    String source = "";
    try (Socket socket = new Socket()) {
      socket.setTcpNoDelay(true);
      socket.setSoLinger(true, 0); // so that ports are free again at once
      socket.setSoTimeout((int) PATIENCE.toMillis());
      socket.connect(target, (int) PATIENCE.toMillis());
      source = socket.getLocalSocketAddress().toString();
      DataOutputStream out = new DataOutputStream(socket.getOutputStream());
      for (int i = 0; i < times && !closed; i++) {
        out.writeInt(length);
        server = read(socket.getInputStream(), length);
        requests.incrementAndGet();
      }
    } catch (IOException e) {
      failures.add(
          new TcpFailure(
              "%s %s -> %s: %s".formatted(kind, source, target, e),
              start,
              System.nanoTime(),
              server));
    }
    Uninterruptibles.sleepUninterruptibly(PAUSE);
  }

  /** Reads a response, and returns the server's number. */
  private int read(InputStream in, int length) throws IOException {
    int server = in.read();
    if (server < 0) {
      throw new IOException("no response");
    }
    for (int left = length; left > 0 && !closed; left -= NumberedService.chunk(left)) {
      NumberedService.readChunk(in, left);
      downloaded.addAndGet(NumberedService.chunk(left));
      if (left < length) {
        Uninterruptibles.sleepUninterruptibly(PAUSE);
      }
    }
    return server;
  }

  /** Returns what has failed since the last call. */
  List<TcpFailure> takeFailures() {
    List<TcpFailure> taken = new ArrayList<>();
    for (TcpFailure next = failures.poll(); next != null; next = failures.poll()) {
      taken.add(next);
    }
    return taken;
  }

  /** Returns the number of responses that were read. */
  long requests() {
    return requests.get();
  }

  /** Returns the bytes of responses. */
  long downloaded() {
    return downloaded.get();
  }

  @Override
  public void close() {
    closed = true;
    Uninterruptibles.awaitUninterruptibly(running);
  }
}
