package dev.katran.examples.benchmark;

import dev.katran.Backend;
import dev.katran.Encapsulation;
import dev.katran.Limits;
import dev.katran.LoadBalancer;
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
 * The programs that are compared, on the same packets, in turns: what the machine does meanwhile
 * meets all of them alike, so that ratios hold where times do not.
 */
final class Contest implements AutoCloseable {

  private static final int BACKENDS = 10;

  /**
   * How many packets a program gets in its turn. The first half is not counted: it brings back into
   * the caches what the others' turns threw out, as a service that has its core to itself has it. A
   * ring has 4 097 cache lines, of which 8 192 random packets touch all but a seventh.
   */
  private static final int TURN = 16_384;

  private static final int UNCOUNTED = TURN / 2;

  /** Entries of the flow table for each flow, so that none has to go because others come. */
  private static final double ENTRIES_PER_FLOW = 1.2;

  private static final int LEAST_FLOWS = 10_000;
  private static final Duration LONGEST_WINDOW = Duration.ofHours(1);

  private final int vips;
  private final Arena arena = Arena.ofShared();
  private final FlowFrame frame;
  private final List<Contestant> contestants = new ArrayList<>();
  private final Pacer pacer = new Pacer();
  private final Random random = new Random(1);
  private int known;

  /**
   * Opens them all.
   *
   * @param flows how many there will be at most
   */
  Contest(Family family, Encapsulation encapsulation, int vips, int flows) {
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
        boolean remembers = tracking == Tracking.ALWAYS;
        LoadBalancer lb = open(remembers ? flows : 0);
        add(name(tracking), remembers, lb);
        lb.apply(Services.vips(family, vips, tracking, backends));
      }
      // half of a core's entries may be made by flows that were open before the change
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
    contestants.add(
        new Contestant(
            name,
            false,
            segment ->
                program
                    .program(programName)
                    .run(segment, (int) segment.byteSize(), null, null)
                    .nanos(),
            program::close));
  }

  private void add(String name, boolean remembers, LoadBalancer lb) {
    contestants.add(new Contestant(name, remembers, lb::measure, lb::close));
  }

  /** All packets will be on one core, which has its part of the entries and no more. */
  private static LoadBalancer open(int flows) {
    long entries =
        Math.round(Math.max(flows, LEAST_FLOWS) * ENTRIES_PER_FLOW * BpfMap.possibleCpus());
    return Services.builder()
        .limits(Limits.defaults().flows(Math.toIntExact(entries)))
        .changeWindow(LONGEST_WINDOW)
        .open();
  }

  /** Sends a packet of each flow that has had none yet through those that remember flows. */
  private void introduce(int flows) throws InterruptedException {
    for (; known < flows; known++) {
      pacer.awaitNext();
      for (Contestant contestant : contestants) {
        if (contestant.remembers()) {
          contestant.measure(frame.open(known, known % vips));
        }
      }
    }
  }

  /** Measures each on so many packets of random flows, out of so many. */
  Map<String, Samples> measure(int flows, int packets) throws InterruptedException {
    introduce(flows);
    Map<String, Samples> results = new LinkedHashMap<>();
    contestants.forEach(contestant -> results.put(contestant.name(), new Samples()));
    int[] turn = new int[TURN];
    for (int counted = 0; counted < packets; counted += TURN - UNCOUNTED) {
      for (int i = 0; i < TURN; i++) {
        turn[i] = random.nextInt(flows);
      }
      for (Contestant contestant : contestants) {
        Samples samples = results.get(contestant.name());
        for (int i = 0; i < TURN; i++) {
          long nanos = contestant.measure(frame.open(turn[i], turn[i] % vips));
          if (i >= UNCOUNTED) {
            samples.add((double) nanos);
          }
        }
      }
    }
    return results;
  }

  @Override
  public void close() {
    contestants.forEach(Contestant::close);
    arena.close();
  }
}
