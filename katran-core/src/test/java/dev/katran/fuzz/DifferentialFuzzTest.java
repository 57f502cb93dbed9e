package dev.katran.fuzz;

import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.JavaDataplane;
import dev.katran.dataplane.KernelDataplane;
import dev.katran.ffm.BpfMap;
import dev.katran.needs.NeedsKernel;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/**
 * The program in the kernel does what the dataplane in plain Java does, whatever comes. Other seeds
 * and more frames: {@code -Dkatran.fuzz.seed=} and {@code -Dkatran.fuzz.frames=}.
 */
@NeedsKernel
class DifferentialFuzzTest {

  private static final long SEED = Long.getLong("katran.fuzz.seed", 1);
  private static final long FRAMES = Long.getLong("katran.fuzz.frames", 1_000_000);

  /** Each loads programs: a thousand take some minutes. */
  private static final int TRIES = 1_000;

  /**
   * No flow must be forgotten for want of room, of which in the kernel each CPU has its share. In a
   * round there are less than two thousand flows at a time.
   */
  private static final int FLOWS_PER_CPU = 1 << 14;

  /** So many frames meet everything that there is; fewer need not. */
  private static final int ENOUGH = 200_000;

  private static Dataplane kernel(DataplaneConfig config) {
    return KernelDataplane.detached(
        ConfigGenerator.withFlows(config, FLOWS_PER_CPU * BpfMap.possibleCpus()));
  }

  @Test
  void bothDataplanesDoTheSame() throws IOException, InterruptedException {
    Duel.Parties parties = new Duel.Parties(JavaDataplane::new, DifferentialFuzzTest::kernel);
    Fuzz fuzz = new Fuzz(parties);
    long start = System.nanoTime();

    Fuzz.Found found = fuzz.run(SEED, FRAMES);

    if (found != null) {
      Finding smallest = Shrinker.shrink(parties, found.finding(), TRIES);
      Path folder = Path.of("target", "fuzz", "seed-" + found.seed()).toAbsolutePath();
      throw new AssertionError(Report.write(folder, found.seed(), smallest, parties));
    }
    double seconds = (System.nanoTime() - start) / 1e9;
    System.out.printf(
        "fuzz: seed %d, %s, %.1f s, %.0f frames a second%n",
        SEED, fuzz.coverage(), seconds, FRAMES / seconds);
    if (FRAMES >= ENOUGH) {
      fuzz.coverage().assertWorthTheTrouble();
    }
  }
}
