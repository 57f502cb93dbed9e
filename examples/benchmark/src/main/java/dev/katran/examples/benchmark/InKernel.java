package dev.katran.examples.benchmark;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Measures packets in a loop inside the kernel. */
final class InKernel implements Timing {

  private final Scene scene;
  private final List<Program> programs;
  private final int packets;
  private final int rounds;
  private final Map<Program, KernelLoop> introductions = new LinkedHashMap<>();
  private final Pacer pacer = new Pacer();
  private int introduced;

  /**
   * Creates the timing.
   *
   * @param flows the largest number of flows
   * @param packets packets of a program per round
   */
  InKernel(Scene scene, List<Program> programs, int flows, int packets, int rounds) {
    this.scene = scene;
    this.programs = programs;
    this.packets = packets;
    this.rounds = rounds;
    for (Program program : programs) {
      if (program.tracksFlows()) {
        introductions.put(program, KernelLoop.inOrder(scene, flows));
      }
    }
  }

  /** Sends one packet of each new flow through the programs that track flows. */
  void introduce(int flows) throws InterruptedException {
    while (introduced < flows) {
      int next = pacer.awaitNext(flows - introduced);
      introductions.forEach((program, loop) -> loop.nanos(program, next));
      introduced += next;
    }
  }

  @Override
  public Map<String, Samples> measure(int flows) throws InterruptedException {
    introduce(flows);
    Map<String, Samples> results = new LinkedHashMap<>();
    programs.forEach(program -> results.put(program.name(), new Samples()));
    for (int round = 0; round < rounds; round++) {
      try (KernelLoop loop = KernelLoop.random(scene, flows, round)) {
        for (Program program : programs) {
          results.get(program.name()).add(loop.nanos(program, packets));
        }
      }
    }
    return results;
  }

  @Override
  public void close() {
    introductions.values().forEach(KernelLoop::close);
  }
}
