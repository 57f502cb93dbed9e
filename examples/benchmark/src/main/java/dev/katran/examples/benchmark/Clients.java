package dev.katran.examples.benchmark;

import dev.katran.lab.Host;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** Concurrent clients on one host, each of which opens one connection after another. */
final class Clients {

  private final Host host;
  private final int number;

  Clients(Host host, int number) {
    this.host = host;
    this.number = number;
  }

  /** Connects to a server for a while and adds the number of connections. */
  void connect(InetSocketAddress server, Duration duration, Rates rates) throws Exception {
    LongAdder answered = new LongAdder();
    LongAdder failed = new LongAdder();
    long start = System.nanoTime();
    long end = start + duration.toNanos();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      threads.add(
          host.start(
              "client-" + i,
              () -> {
                while (System.nanoTime() < end) {
                  try {
                    Exchange.request(server);
                    answered.increment();
                  } catch (IOException e) {
                    failed.increment();
                  }
                }
              }));
    }
    Thread.sleep(Duration.ofNanos(end - System.nanoTime()));
    // connections that are still open may take long, and are not counted
    long inTime = answered.sum();
    double seconds = (System.nanoTime() - start) / 1e9;
    for (Thread thread : threads) {
      thread.join();
    }
    rates.add(inTime, failed.sum(), seconds);
  }
}
