package dev.katran.fuzz;

import dev.katran.Decapsulation;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.Features;
import dev.katran.dataplane.VipFlags;
import dev.katran.packets.Dice;
import dev.katran.packets.FrameGenerator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A configuration, and what happens under it: frames, and changes between them. */
final class Round {

  /** Rather few: each makes the kernel verify a program. */
  private static final int FRAMES_PER_USE = 10_000;

  /** Takes as long as some dozen frames. */
  private static final int FRAMES_PER_READING = 1_000;

  /** Frames that may come again. */
  private static final int RECENT = 64;

  private final Dice dice;
  private final DataplaneConfig config;
  private final ChangeGenerator changes;
  private final FrameGenerator frames;
  private final int framesPerChange;
  private final byte @Nullable [][] recent = new byte[RECENT][];
  private int framesSoFar;

  /** The round of this seed, always the same. */
  Round(long seed) {
    this.dice = new Dice(seed);
    this.config = ConfigGenerator.next(dice);
    this.changes = new ChangeGenerator(dice, config.limits(), ceiling());
    this.frames =
        new FrameGenerator(
            dice,
            Playground.aims(config.gue().port(), config.limits().maxPacketSize()),
            config.decapsulation() == Decapsulation.OFF ? 5 : 40);
    this.framesPerChange = dice.pick(15, 60, 60, 250, 2_000);
  }

  private Features ceiling() {
    return dice.oneIn(3)
        ? Features.ALL
        : new Features(
            (dice.word() & VipFlags.ALL) | (dice.coin() ? VipFlags.TRACKED : 0),
            dice.coin(),
            dice.coin(),
            dice.coin());
  }

  DataplaneConfig config() {
    return config;
  }

  /** What comes before the first frame. */
  List<Operation> first() {
    return changes.first();
  }

  /** What comes next: a frame, a change, or a reading of what was counted. */
  List<Operation> next() {
    if (dice.oneIn(FRAMES_PER_USE)) {
      return List.of(changes.use());
    }
    if (dice.oneIn(FRAMES_PER_READING)) {
      return List.of(new Operation.ReadCounters());
    }
    if (dice.oneIn(framesPerChange)) {
      return changes.next();
    }
    framesSoFar++;
    return List.of(new Operation.Feed(frame()));
  }

  /** Mostly a new one; some come again, so that flows have more than one packet. */
  private byte[] frame() {
    int place = dice.below(RECENT);
    byte[] again = recent[place];
    if (again != null && dice.oneIn(3)) {
      return again;
    }
    byte[] frame = frames.next();
    recent[place] = frame;
    return frame;
  }

  /** How many frames there have been. */
  int frames() {
    return framesSoFar;
  }

  /** What comes after the last frame. */
  static List<Operation> last() {
    return List.of(new Operation.ReadCounters(), new Operation.ReadFlows());
  }
}
