package dev.katran.examples.benchmark;

import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Measures each packet with a system call of its own, which leaves the caches and the TLB cold. */
final class PerCall implements Timing {

  /**
   * Packets per turn of a program. The first half is not counted: it refills the caches that the
   * other turns evicted, as for a service with a core of its own. A ring has 4 097 cache lines, of
   * which 8 192 random packets touch all but a seventh.
   */
  private static final int TURN = 16_384;

  private static final int WARM_UP = TURN / 2;

  private final List<Program> programs;
  private final int vips;
  private final int packets;
  private final Arena arena = Arena.ofShared();
  private final FlowFrame frame;
  private final Pacer pacer = new Pacer();
  private final Random random = new Random(1);
  private int introduced;

  /**
   * Creates the timing.
   *
   * @param packets packets to count per program, rounded up to half a turn
   */
  PerCall(Scene scene, List<Program> programs, int packets) {
    this.programs = programs;
    this.vips = scene.vips();
    this.packets = packets;
    this.frame = new FlowFrame(arena.allocate(FlowFrame.length(scene.family())), scene.family());
  }

  /** Sends one packet of each new flow through the programs that track flows. */
  private void introduce(int flows) throws InterruptedException {
    for (; introduced < flows; introduced++) {
      pacer.awaitNext();
      for (Program program : programs) {
        if (program.tracksFlows()) {
          program.measure(frame.open(introduced, introduced % vips));
        }
      }
    }
  }

  @Override
  public Map<String, Samples> measure(int flows) throws InterruptedException {
    introduce(flows);
    Map<String, Samples> results = new LinkedHashMap<>();
    programs.forEach(program -> results.put(program.name(), new Samples()));
    int[] turn = new int[TURN];
    for (int counted = 0; counted < packets; counted += TURN - WARM_UP) {
      for (int i = 0; i < TURN; i++) {
        turn[i] = random.nextInt(flows);
      }
      for (Program program : programs) {
        Samples samples = results.get(program.name());
        for (int i = 0; i < TURN; i++) {
          long nanos = program.measure(frame.open(turn[i], turn[i] % vips));
          if (i >= WARM_UP) {
            samples.add((double) nanos);
          }
        }
      }
    }
    return results;
  }

  @Override
  public void close() {
    arena.close();
  }
}
