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
 * Runs workloads in parallel until one shows a mismatch. A workload depends only on its seed. There
 * are more threads than CPUs because workloads spend much of their time waiting for the kernel.
 */
final class Fuzz {

  /** Limits the length of a workload. Each starts with its slowest part, loading programs. */
  private static final int FRAMES_PER_WORKLOAD = 20_000;

  private static final int THREADS = Math.min(16, 4 * Runtime.getRuntime().availableProcessors());

  /** A mismatch and the seed of the workload that showed it. */
  record Failure(long seed, Mismatch mismatch) {}

  private final DifferentialPair.Factories factories;
  private final Coverage coverage = new Coverage();
  private final AtomicLong lowestFailingSeed = new AtomicLong(Long.MAX_VALUE);

  Fuzz(DifferentialPair.Factories factories) {
    this.factories = factories;
  }

  Coverage coverage() {
    return coverage;
  }

  /**
   * Runs workloads with consecutive seeds until the given number of frames is reached.
   *
   * @param seed the seed of the first workload
   * @return the failure with the lowest seed, or null if there is none
   */
  @Nullable Failure run(long seed, long frames) throws InterruptedException {
    try (ExecutorService executor = Executors.newFixedThreadPool(THREADS)) {
      List<Future<@Nullable Failure>> results = new ArrayList<>();
      for (long left = frames, next = seed; left > 0; left -= FRAMES_PER_WORKLOAD, next++) {
        long workloadSeed = next;
        int workloadFrames = (int) Math.min(left, FRAMES_PER_WORKLOAD);
        results.add(executor.submit(() -> run(workloadSeed, workloadFrames)));
      }
      for (Future<@Nullable Failure> result : results) {
        Failure failure = result.get();
        if (failure != null) {
          return failure;
        }
      }
      return null;
    } catch (ExecutionException e) {
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Runs one workload. After a failure, workloads with higher seeds are skipped. */
  private @Nullable Failure run(long seed, int frames) {
    if (seed > lowestFailingSeed.get()) {
      return null;
    }
    Mismatch mismatch = run(new Workload(seed), frames);
    if (mismatch == null) {
      return null;
    }
    lowestFailingSeed.accumulateAndGet(seed, Math::min);
    return new Failure(seed, mismatch);
  }

  private @Nullable Mismatch run(Workload workload, int frames) {
    List<Operation> applied = new ArrayList<>();
    try (DifferentialPair pair = new DifferentialPair(factories, workload.config())) {
      Mismatch mismatch = apply(workload, workload.first(), pair, applied);
      while (mismatch == null && workload.frames() < frames) {
        mismatch = apply(workload, workload.next(), pair, applied);
      }
      if (mismatch == null) {
        mismatch = apply(workload, Workload.last(), pair, applied);
      }
      if (mismatch == null) {
        coverage.add(pair.expected());
      }
      return mismatch;
    }
  }

  private static @Nullable Mismatch apply(
      Workload workload,
      List<Operation> operations,
      DifferentialPair pair,
      List<Operation> applied) {
    for (Operation operation : operations) {
      applied.add(operation);
      Comparison comparison = pair.apply(operation);
      if (!comparison.isEqual()) {
        return new Mismatch(new TestCase(workload.config(), applied), comparison);
      }
    }
    return null;
  }
}
