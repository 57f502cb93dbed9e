package dev.katran.fuzz;

import dev.katran.Decapsulation;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.packets.Dice;
import dev.katran.packets.FrameGenerator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A random configuration and the random operations that run under it, derived from a seed. */
final class Workload {

  /** Rare, because each change of features makes the kernel verify a program. */
  private static final int FRAMES_PER_FEATURE_CHANGE = 10_000;

  /** Reading all counters takes as long as a few dozen frames. */
  private static final int FRAMES_PER_COUNTER_READ = 1_000;

  /** The number of frames remembered for repetition. */
  private static final int RECENT = 64;

  private final Dice dice;
  private final DataplaneConfig config;
  private final ChangeGenerator changes;
  private final FrameGenerator frames;
  private final int framesPerChange;
  private final byte @Nullable [][] recent = new byte[RECENT][];
  private int framesSoFar;

  /** Creates the workload of a seed. */
  Workload(long seed) {
    this.dice = new Dice(seed);
    this.config = ConfigGenerator.next(dice);
    this.changes = new ChangeGenerator(dice, config.limits(), allowedFeatures());
    this.frames =
        new FrameGenerator(
            dice,
            Universe.aims(config.gue().port(), config.limits().maxPacketSize()),
            config.decapsulation() == Decapsulation.OFF ? 5 : 40);
    this.framesPerChange = dice.pick(15, 60, 60, 250, 2_000);
  }

  private Features allowedFeatures() {
    return dice.oneIn(3)
        ? Features.ALL
        : new Features(
            (dice.word() & VipFlags.ALL) | (dice.coin() ? VipFlags.TRACKED : 0),
            dice.coin(),
            dice.coin(),
            dice.coin(),
            dice.coin(),
            dice.coin());
  }

  DataplaneConfig config() {
    return config;
  }

  /** Returns the operations before the first frame. */
  List<Operation> first() {
    return changes.first();
  }

  /** Returns the next operations: a frame, a change, or a read of the counters. */
  List<Operation> next() {
    if (dice.oneIn(FRAMES_PER_FEATURE_CHANGE)) {
      return List.of(changes.useFeatures());
    }
    if (dice.oneIn(FRAMES_PER_COUNTER_READ)) {
      return List.of(new Operation.ReadCounters());
    }
    if (dice.oneIn(framesPerChange)) {
      return changes.next();
    }
    framesSoFar++;
    return List.of(new Operation.RunFrame(frame()));
  }

  /** Returns a new frame or, so that flows have more than one packet, a recent one. */
  private byte[] frame() {
    int index = dice.below(RECENT);
    byte[] again = recent[index];
    if (again != null && dice.oneIn(3)) {
      return again;
    }
    byte[] frame = frames.next();
    recent[index] = frame;
    return frame;
  }

  /** Returns the number of frames generated so far. */
  int frames() {
    return framesSoFar;
  }

  /** Returns the operations after the last frame. */
  static List<Operation> last() {
    return List.of(new Operation.ReadCounters(), new Operation.ReadFlows());
  }
}
