package dev.katran.examples.benchmark;

import dev.katran.lab.Host;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.LongAdder;

/** Several at once, on one host, who open one connection after the other. */
final class Clients {

  private final Host host;
  private final int number;

  Clients(Host host, int number) {
    this.host = host;
    this.number = number;
  }

  /** Has all of them connect to a server for a while, and adds how many connections that were. */
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
                    Exchange.ask(server);
                    answered.increment();
                  } catch (IOException e) {
                    failed.increment();
                  }
                }
              }));
    }
    Thread.sleep(Duration.ofNanos(end - System.nanoTime()));
    // what is open still may take long, and is not waited for in the time that counts
    long inTime = answered.sum();
    double seconds = (System.nanoTime() - start) / 1e9;
    for (Thread thread : threads) {
      thread.join();
    }
    rates.add(inTime, failed.sum(), seconds);
  }
}
