package dev.katran.examples.benchmark;

import dev.katran.Backend;
import dev.katran.Encapsulation;
import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.ProgramTimer;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Compares programs on the same packets, in turns. Disturbances on the machine affect all of them
 * alike, so that ratios are reliable where times are not.
 */
final class ProgramComparison implements AutoCloseable {

  private static final int BACKENDS = 10;

  /**
   * Packets per turn of a program. The first half is not counted: it refills the caches that the
   * other turns evicted, as for a service with a core of its own. A ring has 4 097 cache lines, of
   * which 8 192 random packets touch all but a seventh.
   */
  private static final int TURN = 16_384;

  private static final int WARM_UP = TURN / 2;

  /** Flow table entries per flow, enough that no entry is evicted by new ones. */
  private static final double ENTRIES_PER_FLOW = 1.2;

  private static final int MIN_FLOWS = 10_000;
  private static final Duration MAX_WINDOW = Duration.ofHours(1);

  private final int vips;
  private final Arena arena = Arena.ofShared();
  private final FlowFrame frame;
  private final List<ProgramVariant> variants = new ArrayList<>();
  private final Pacer pacer = new Pacer();
  private final Random random = new Random(1);
  private int introduced;

  /**
   * Opens all programs.
   *
   * @param flows the largest number of flows
   */
  ProgramComparison(Family family, Encapsulation encapsulation, int vips, int flows) {
    this.vips = vips;
    this.frame = new FlowFrame(arena.allocate(FlowFrame.length(family)), family);
    try {
      addBare("bare-tx", "bare_tx", "bare_tx");
      addBare(
          "bare-encap",
          "bare_encap",
          encapsulation.equals(Encapsulation.ipip()) ? "bare_ipip" : "bare_gue");
      List<Backend> backends = Services.backends(family, encapsulation, 0, BACKENDS);
      List<Backend> others = Services.backends(family, encapsulation, BACKENDS, 2 * BACKENDS);
      for (Tracking tracking : List.of(Tracking.NONE, Tracking.ADAPTIVE, Tracking.ALWAYS)) {
        boolean tracksFlows = tracking == Tracking.ALWAYS;
        LoadBalancer lb = open(tracksFlows ? flows : 0);
        add(name(tracking), tracksFlows, lb);
        lb.apply(Services.vips(family, vips, tracking, backends));
      }
      // up to half of a core's entries may belong to flows that were open before the change
      LoadBalancer lb = open(2 * flows);
      add("adaptive-changing", true, lb);
      List<Vip> before = Services.vips(family, vips, Tracking.ADAPTIVE, backends);
      lb.apply(before);
      lb.apply(Services.replaced(before, others));
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private static String name(Tracking tracking) {
    return switch (tracking) {
      case NONE -> "none";
      case ADAPTIVE -> "adaptive-stable";
      case ALWAYS -> "always";
    };
  }

  private void addBare(String name, String object, String programName) {
    BareProgram program = BareProgram.load(object);
    variants.add(
        new ProgramVariant(
            name,
            false,
            segment ->
                program
                    .program(programName)
                    .run(segment, (int) segment.byteSize(), null, null)
                    .nanos(),
            program::close));
  }

  private void add(String name, boolean tracksFlows, LoadBalancer lb) {
    variants.add(new ProgramVariant(name, tracksFlows, ProgramTimer.of(lb)::nanos, lb::close));
  }

  /** Opens a balancer. All packets run on one core, which has only its part of the entries. */
  private static LoadBalancer open(int flows) {
    long entries =
        Math.round(Math.max(flows, MIN_FLOWS) * ENTRIES_PER_FLOW * BpfMap.possibleCpus());
    return Services.builder()
        .limits(Limits.defaults().flowTableSize(Math.toIntExact(entries)))
        .changeWindow(MAX_WINDOW)
        .open();
  }

  /** Sends one packet of each new flow through the variants that track flows. */
  private void introduce(int flows) throws InterruptedException {
    for (; introduced < flows; introduced++) {
      pacer.awaitNext();
      for (ProgramVariant variant : variants) {
        if (variant.tracksFlows()) {
          variant.measure(frame.open(introduced, introduced % vips));
        }
      }
    }
  }

  /** Measures each variant on packets of random flows. */
  Map<String, Samples> measure(int flows, int packets) throws InterruptedException {
    introduce(flows);
    Map<String, Samples> results = new LinkedHashMap<>();
    variants.forEach(variant -> results.put(variant.name(), new Samples()));
    int[] turn = new int[TURN];
    for (int counted = 0; counted < packets; counted += TURN - WARM_UP) {
      for (int i = 0; i < TURN; i++) {
        turn[i] = random.nextInt(flows);
      }
      for (ProgramVariant variant : variants) {
        Samples samples = results.get(variant.name());
        for (int i = 0; i < TURN; i++) {
          long nanos = variant.measure(frame.open(turn[i], turn[i] % vips));
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
    variants.forEach(ProgramVariant::close);
    arena.close();
  }
}
