package dev.katran.examples.benchmark;

import dev.katran.Forwarding;
import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.ProgramTimer;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.ffm.BpfProgram;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Opens the programs under comparison: two bare ones, and balancers with each kind of tracking. */
final class Programs implements AutoCloseable {

  /** Flow table entries per flow, as recommended by {@link Limits#flowTableSize}. */
  private static final int ENTRIES_PER_FLOW = 2;

  private static final int MIN_FLOWS = 10_000;
  private static final int MIN_VIPS = 512;
  private static final int MIN_BACKENDS = 4096;
  private static final Duration MAX_WINDOW = Duration.ofHours(1);

  private final Scene scene;
  private final List<Program> programs = new ArrayList<>();

  /**
   * Opens all programs.
   *
   * @param flows the largest number of flows
   */
  Programs(Scene scene, int flows) {
    this.scene = scene;
    boolean isGue = scene.tunnel().forwarding().equals(Forwarding.gue());
    try {
      addBare(Program.BARE_TX, "bare_tx", "bare_tx");
      addBare(Program.BARE_ENCAP, "bare_encap", isGue ? "bare_gue" : "bare_ipip");
      for (Tracking tracking : List.of(Tracking.NONE, Tracking.ADAPTIVE, Tracking.ALWAYS)) {
        boolean tracksFlows = tracking == Tracking.ALWAYS;
        LoadBalancer lb = open(tracksFlows ? flows : 0);
        add(name(tracking), tracksFlows, lb);
        lb.apply(scene.installed(tracking));
      }
      // up to half of a core's entries may belong to flows that were open before the change
      LoadBalancer lb = open(2 * flows);
      add("adaptive-changing", true, lb);
      List<Vip> before = scene.installed(Tracking.ADAPTIVE);
      lb.apply(before);
      lb.apply(scene.replaced(before));
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
    BareProgram bare = BareProgram.load(object);
    BpfProgram program = bare.program(programName);
    programs.add(
        new Program(
            name,
            false,
            frame -> program.run(frame, (int) frame.byteSize(), null, null).nanos(),
            program::fd,
            bare::close));
  }

  private void add(String name, boolean tracksFlows, LoadBalancer lb) {
    ProgramTimer timer = ProgramTimer.of(lb);
    programs.add(
        new Program(
            name, tracksFlows, timer::nanos, () -> timer.descriptor().orElseThrow(), lb::close));
  }

  private LoadBalancer open(int flows) {
    int entries = ENTRIES_PER_FLOW * Math.max(flows, MIN_FLOWS);
    return Services.builder()
        .limits(
            Limits.defaults()
                .vips(Math.max(scene.vips(), MIN_VIPS))
                .backends(Math.max(scene.allBackends(), MIN_BACKENDS))
                .flowTableSize(entries))
        .changeWindow(MAX_WINDOW)
        .open();
  }

  /** Returns the programs; the first only sends frames back. */
  List<Program> all() {
    return programs;
  }

  @Override
  public void close() {
    programs.forEach(Program::close);
  }
}
