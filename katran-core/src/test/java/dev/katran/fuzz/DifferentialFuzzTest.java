package dev.katran.fuzz;

import dev.katran.internal.dataplane.kernel.RoutingHost;
import dev.katran.internal.dataplane.memory.FixedRoutes;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Checks that the kernel program and the Java dataplane process random frames identically. See the
 * package description for the system properties that set the seed and the number of frames.
 */
@NeedsKernel
@NeedsNamespaces
class DifferentialFuzzTest {

  private static final long SEED = Long.getLong("katran.fuzz.seed", 1);
  private static final long FRAMES = Long.getLong("katran.fuzz.frames", 1_000_000);

  /** Each attempt loads programs; a thousand attempts take some minutes. */
  private static final int SHRINK_ATTEMPTS = 1_000;

  /** The number of frames from which the coverage is checked; fewer may miss rare events. */
  private static final int FRAMES_FOR_COVERAGE = 200_000;

  @Test
  void run_randomFramesAndChanges_dataplanesAgree() throws Exception {
    try (RoutingHost host = new RoutingHost()) {
      DifferentialPair.Factories factories =
          new DifferentialPair.Factories(
              config -> JavaDataplane.routing(config, System::nanoTime, new FixedRoutes()),
              host::openInside);
      host.call(() -> {
        run(factories); // threads are started in the host's network namespace
        return null;
      });
    }
  }

  private static void run(DifferentialPair.Factories factories)
      throws IOException, InterruptedException {
    Fuzz fuzz = new Fuzz(factories);
    long start = System.nanoTime();

    Fuzz.Failure failure = fuzz.run(SEED, FRAMES);

    if (failure != null) {
      Mismatch smallest = Shrinker.shrink(factories, failure.mismatch(), SHRINK_ATTEMPTS);
      Path folder = Path.of("target", "fuzz", "seed-" + failure.seed()).toAbsolutePath();
      throw new AssertionError(MismatchReport.write(folder, failure.seed(), smallest, factories));
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        "differential fuzz: seed %d, %s, %.1f s, %.0f frames/s%n",
        SEED, fuzz.coverage(), seconds, FRAMES / seconds);
    if (FRAMES >= FRAMES_FOR_COVERAGE) {
      fuzz.coverage().assertSufficient();
    }
  }
}
