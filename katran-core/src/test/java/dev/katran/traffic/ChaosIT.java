package dev.katran.traffic;

import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * What happens to the process of a pinned balancer, to its network and its backends, and what it is
 * told, at random, while clients download. Everything that is lost has a {@link Cause} that no
 * balancer could avert.
 *
 * <p>The system properties {@code katran.chaos.seed} and {@code katran.chaos.seconds} repeat a run
 * and make it longer; {@code katran.chaos.only} limits it to disturbances whose names contain a
 * text.
 */
@NeedsKernel
@NeedsNamespaces
@Tag("unemulated")
class ChaosIT {

  private static final long SEED = Long.getLong("katran.chaos.seed", System.nanoTime());
  private static final Duration LENGTH =
      Duration.ofSeconds(Long.getLong("katran.chaos.seconds", 60));
  private static final String ONLY = System.getProperty("katran.chaos.only", "");

  private final Random random = new Random(SEED);
  private final Map<String, Integer> happened = new TreeMap<>();

  @Test
  void anything_whileClientsDownload_losesOnlyWhatNothingCouldKeep() throws Exception {
    System.out.printf("chaos: seed %d, %d s%n", SEED, LENGTH.toSeconds());
    try (ChaosBed bed = new ChaosBed(random)) {
      try {
        run(bed);
      } finally {
        System.out.printf("chaos: seed %d, %s%n%s%n", SEED, happened, bed);
      }
    }
  }

  private void run(ChaosBed bed) throws Exception {
    Deque<Disturbance> deck = new ArrayDeque<>();
    long start = System.nanoTime();
    while (System.nanoTime() - start < LENGTH.toNanos()) {
      if (deck.isEmpty()) {
        deck.addAll(shuffled());
      }
      Disturbance next = deck.pop();
      bed.run(next);
      happened.merge(next.name(), 1, Integer::sum);
      bed.pause(200);
    }
  }

  /** Returns all, so that each happens as often as any other. */
  private List<Disturbance> shuffled() {
    List<Disturbance> all =
        new ArrayList<>(
            Disturbance.ALL.stream().filter(each -> each.name().contains(ONLY)).toList());
    Collections.shuffle(all, random);
    return all;
  }
}
