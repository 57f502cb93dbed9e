package dev.katran.examples.quickstart;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;

/** Counts the requests that each backend answered, as the client saw it, and draws bars of them. */
final class Tally {

  private static final int BAR = 40;
  private static final int REDRAW_MILLIS = 100;

  private final Map<String, LongAdder> answers = new LinkedHashMap<>();
  private final LongAdder failures = new LongAdder();
  private final AtomicReference<@Nullable String> firstFailure = new AtomicReference<>();
  private final boolean terminal = CommandLine.Help.Ansi.AUTO.enabled();

  Tally(List<String> names) {
    names.forEach(name -> answers.put(name, new LongAdder()));
  }

  void answeredBy(String name) {
    LongAdder counter = answers.get(name);
    if (counter == null) {
      failed("unexpected answer \"" + name + "\"");
    } else {
      counter.increment();
    }
  }

  void failed(String reason) {
    failures.increment();
    firstFailure.compareAndSet(null, reason);
  }

  long of(String name) {
    LongAdder counter = answers.get(name);
    return counter == null ? 0 : counter.sum();
  }

  /** Returns how many requests were answered. */
  long answers() {
    return answers.values().stream().mapToLong(LongAdder::sum).sum();
  }

  /** Returns how many requests were answered or failed. */
  long requests() {
    return answers() + failures();
  }

  long failures() {
    return failures.sum();
  }

  @Nullable String firstFailure() {
    return firstFailure.get();
  }

  /** Draws the bars once the threads have ended; on a terminal, also repeatedly until then. */
  void showUntilDone(List<Thread> threads) throws InterruptedException {
    for (Thread thread : threads) {
      while (!thread.join(Duration.ofMillis(REDRAW_MILLIS))) {
        if (terminal) {
          draw();
          System.out.printf("\033[%dA", answers.size());
        }
      }
    }
    draw();
  }

  private void draw() {
    long most = Math.max(1, answers.values().stream().mapToLong(LongAdder::sum).max().orElse(1));
    answers.forEach((name, counter) -> {
      long sum = counter.sum();
      String bar = "#".repeat((int) (BAR * sum / most));
      System.out.printf("  %-10s %-" + BAR + "s %6d%n", name, bar, sum);
    });
    if (terminal) {
      System.out.flush();
    } else {
      System.out.println();
    }
  }
}
