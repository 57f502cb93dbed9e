package dev.katran.fuzz;

import dev.katran.dataplane.JavaDataplane;
import dev.katran.dataplane.KernelDataplane;
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

  @Test
  void bothDataplanesDoTheSame() throws IOException, InterruptedException {
    Duel.Parties parties = new Duel.Parties(JavaDataplane::new, KernelDataplane::detached);
    Fuzz fuzz = new Fuzz(parties);
    long start = System.nanoTime();

    Fuzz.Found found = fuzz.run(SEED, FRAMES);

    if (found != null) {
      Finding smallest = Shrinker.shrink(parties, found.finding(), TRIES);
      Path folder = Path.of("target", "fuzz", "seed-" + found.seed());
      throw new AssertionError(Report.write(folder, found.seed(), smallest, parties));
    }
    System.out.printf(
        "fuzz: seed %d, %s, %.1f s%n", SEED, fuzz.coverage(), (System.nanoTime() - start) / 1e9);
    fuzz.coverage().assertWorthTheTrouble();
  }
}
