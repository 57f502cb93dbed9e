package dev.katran.fuzz;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.FixedRoutes;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * Checks the invariants on the Java dataplane alone, where there are no privileges for the
 * kernel's. {@link DifferentialFuzzTest} checks them on both.
 */
class InvariantFuzzTest {

  private static final long SEED = Long.getLong("katran.fuzz.seed", 1);
  private static final long FRAMES = 100_000;
  private static final int SHRINK_ATTEMPTS = 10_000;

  @Test
  void run_randomFramesAndChanges_everyInvariantHolds() throws IOException, InterruptedException {
    DifferentialPair.Factories factories =
        new DifferentialPair.Factories(InvariantFuzzTest::open, InvariantFuzzTest::open);

    Fuzz.Failure failure = new Fuzz(factories).run(SEED, FRAMES);

    if (failure != null) {
      Mismatch smallest = Shrinker.shrink(factories, failure.mismatch(), SHRINK_ATTEMPTS);
      Path folder = Path.of("target", "fuzz", "java-seed-" + failure.seed()).toAbsolutePath();
      throw new AssertionError(MismatchReport.write(folder, failure.seed(), smallest, factories));
    }
  }

  private static Dataplane open(DataplaneConfig config) {
    return JavaDataplane.routing(config, System::nanoTime, new FixedRoutes());
  }
}
