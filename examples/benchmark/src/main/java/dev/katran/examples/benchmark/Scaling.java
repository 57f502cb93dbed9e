package dev.katran.examples.benchmark;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Measures how many times as many packets several cores forward at once as one core alone, in loops
 * inside the kernel over the same flows.
 */
final class Scaling implements AutoCloseable {

  private final Scene scene;
  private final List<Program> programs;
  private final List<Integer> cores;
  private final int packets;
  private final int rounds;
  private final ExecutorService threads;

  Scaling(Scene scene, List<Program> programs, List<Integer> cores, int packets, int rounds) {
    this.scene = scene;
    this.programs = programs;
    this.cores = cores;
    this.packets = packets;
    this.rounds = rounds;
    this.threads = Executors.newFixedThreadPool(cores.size());
  }

  /** Returns the ratio for each program. */
  Map<String, Samples> measure(int flows) throws Exception {
    Map<String, Samples> results = new LinkedHashMap<>();
    programs.forEach(program -> results.put(program.name(), new Samples()));
    for (int round = 0; round < rounds; round++) {
      for (Program program : programs) {
        double alone = 1.0 / run(program, flows, round, cores.subList(0, 1)).getFirst();
        double together =
            run(program, flows, round, cores).stream().mapToDouble(nanos -> 1.0 / nanos).sum();
        results.get(program.name()).add(together / alone);
      }
    }
    return results;
  }

  /** Runs a program on some cores at once. Returns each core's time per packet. */
  private List<Integer> run(Program program, int flows, int round, List<Integer> used)
      throws InterruptedException, ExecutionException {
    CyclicBarrier start = new CyclicBarrier(used.size());
    List<Future<Integer>> running = new ArrayList<>();
    for (int core : used) {
      running.add(
          threads.submit(() -> {
            try (KernelLoop loop = KernelLoop.random(scene, flows, round)) {
              return Cores.call(
                  core,
                  () -> {
                    start.await();
                    return loop.nanos(program, packets);
                  });
            }
          }));
    }
    List<Integer> nanos = new ArrayList<>();
    for (Future<Integer> each : running) {
      nanos.add(each.get());
    }
    return nanos;
  }

  @Override
  public void close() {
    threads.shutdownNow();
  }
}
