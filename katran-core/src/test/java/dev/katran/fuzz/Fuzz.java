package dev.katran.fuzz;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Plays rounds, several at a time: much of what a round does is to wait for the kernel. What a
 * round does depends on nothing but its seed.
 */
final class Fuzz {

  /** What a round has at most: it begins with what takes longest, the loading of programs. */
  private static final int FRAMES_PER_ROUND = 20_000;

  private static final int ROUNDS_AT_A_TIME =
      Math.min(16, 4 * Runtime.getRuntime().availableProcessors());

  /** A difference, and the seed of the round in which it was found. */
  record Found(long seed, Finding finding) {}

  private final Duel.Parties parties;
  private final Coverage coverage = new Coverage();
  private final AtomicLong firstFound = new AtomicLong(Long.MAX_VALUE);

  Fuzz(Duel.Parties parties) {
    this.parties = parties;
  }

  Coverage coverage() {
    return coverage;
  }

  /**
   * Plays the rounds of a seed and of those after it until there have been so many frames.
   *
   * @return the first difference; null if there was none
   */
  @Nullable Found run(long seed, long frames) throws InterruptedException {
    try (ExecutorService executor = Executors.newFixedThreadPool(ROUNDS_AT_A_TIME)) {
      List<Future<@Nullable Found>> rounds = new ArrayList<>();
      for (long left = frames, next = seed; left > 0; left -= FRAMES_PER_ROUND, next++) {
        long seedOfRound = next;
        int framesOfRound = (int) Math.min(left, FRAMES_PER_ROUND);
        rounds.add(executor.submit(() -> play(seedOfRound, framesOfRound)));
      }
      for (Future<@Nullable Found> round : rounds) {
        Found found = round.get();
        if (found != null) {
          return found;
        }
      }
      return null;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /** When something was found, only rounds of lesser seeds still matter. */
  private @Nullable Found play(long seed, int frames) {
    if (seed > firstFound.get()) {
      return null;
    }
    Finding finding = play(new Round(seed), frames);
    if (finding == null) {
      return null;
    }
    firstFound.accumulateAndGet(seed, Math::min);
    return new Found(seed, finding);
  }

  private @Nullable Finding play(Round round, int frames) {
    List<Operation> played = new ArrayList<>();
    try (Duel duel = new Duel(parties, round.config())) {
      Finding finding = play(round, round.first(), duel, played);
      while (finding == null && round.frames() < frames) {
        finding = play(round, round.next(), duel, played);
      }
      if (finding == null) {
        finding = play(round, Round.last(), duel, played);
      }
      if (finding == null) {
        coverage.add(duel.expected());
      }
      return finding;
    }
  }

  private static @Nullable Finding play(
      Round round, List<Operation> operations, Duel duel, List<Operation> played) {
    for (Operation operation : operations) {
      played.add(operation);
      Difference difference = duel.play(operation);
      if (difference != null) {
        return new Finding(new Trial(round.config(), played), difference);
      }
    }
    return null;
  }
}
