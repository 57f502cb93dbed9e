package dev.katran.examples.benchmark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the program's time per packet. */
@Command(
    name = "packet",
    mixinStandardHelpOptions = true,
    description = {
      "Measures nanoseconds per packet on one core, in a loop inside the kernel.",
      "net-ns is the program's own time: that of a program which only sends the frame back is"
          + " subtracted. mpps is what a core could do at that rate. instructions is the size of"
          + " the loaded program, all paths included."
    })
final class PacketBenchmark extends Measurement {

  private static final double NANOS_PER_MICRO = 1000;
  private static final int PACKETS = 500_000;
  private static final int PACKETS_PER_CALL = 20_000;

  @Option(
      names = "--flows",
      split = ",",
      defaultValue = "1,1000,100000,1000000",
      description = "numbers of random flows (default: ${DEFAULT-VALUE})")
  private int[] flows;

  @Option(
      names = "--vips",
      split = ",",
      defaultValue = "1",
      description = "numbers of VIPs, up to 10000 (default: ${DEFAULT-VALUE})")
  private int[] vips;

  @Option(
      names = "--backends",
      split = ",",
      defaultValue = "10",
      description = "numbers of backends of a VIP, up to 1000 (default: ${DEFAULT-VALUE})")
  private int[] backends;

  @Option(
      names = "--own-backends",
      description = "no VIPs share backends, and so a ring (default: all share them)")
  private boolean ownBackends;

  @Option(
      names = "--family",
      split = ",",
      defaultValue = "V4,V6",
      description = "address families of clients, VIPs and backends (default: ${DEFAULT-VALUE})")
  private Family[] families;

  @Option(
      names = "--encapsulation",
      split = ",",
      defaultValue = "IPIP,GUE",
      description =
          "how backends are reached: IPIP, GUE, REWRITE or DIRECT. bare-encap is IPIP's for the last"
              + " two (default: ${DEFAULT-VALUE})")
  private Tunnel[] tunnels;

  @Option(
      names = "--packets",
      description =
          "packets per variant: in a round (default: 500000), or with --per-call in all (default:"
              + " 20000)")
  private @Nullable Integer packets;

  @Option(
      names = "--rounds",
      defaultValue = "7",
      description = "rounds, in which the variants take turns (default: ${DEFAULT-VALUE})")
  private int rounds;

  @Option(
      names = "--per-call",
      description =
          "measure each packet with a system call of its own, which leaves the caches cold; prints"
              + " gross times")
  private boolean perCall;

  @Option(
      names = "--core",
      defaultValue = "0",
      description = "core that everything runs on (default: ${DEFAULT-VALUE})")
  private int core;

  @Option(
      names = "--cores",
      split = ",",
      description =
          "measure on these cores at once instead; x-cores is their packets per second over those of"
              + " the first one alone, the loop included")
  private List<Integer> cores = List.of();

  @Override
  List<Row> measure() throws Exception {
    Arrays.sort(flows);
    if (flows.length == 0 || flows[0] < 1 || packets() < 1 || rounds < 1) {
      throw new IllegalArgumentException("--flows, --packets and --rounds must be 1 or more");
    }
    List<Scene> scenes = scenes();
    List<Row> rows = new ArrayList<>();
    for (Scene scene : scenes) {
      measure(scene, rows);
    }
    return rows;
  }

  private int packets() {
    if (packets != null) {
      return packets;
    }
    return perCall ? PACKETS_PER_CALL : PACKETS;
  }

  private List<Scene> scenes() {
    List<Scene> scenes = new ArrayList<>();
    for (Family family : families) {
      for (Tunnel tunnel : tunnels) {
        for (int vip : vips) {
          for (int backend : backends) {
            scenes.add(new Scene(family, tunnel, vip, backend, ownBackends));
          }
        }
      }
    }
    return scenes;
  }

  private void measure(Scene scene, List<Row> rows) throws Exception {
    if (!cores.isEmpty()) {
      scale(scene, rows);
      return;
    }
    try (Programs programs = new Programs(scene, flows[flows.length - 1]);
        Timing timing = timing(scene, programs.all())) {
      for (int each : flows) {
        progress("packet: %s, %d flows".formatted(scene, each));
        Map<String, Samples> results = Cores.call(core, () -> timing.measure(each));
        for (Program program : programs.all()) {
          Row row = scene.on(Row.of("packet", program.name())).with("flows", each);
          rows.add(perCall ? gross(row, program, results) : net(row, program, results));
        }
      }
    }
  }

  private void scale(Scene scene, List<Row> rows) throws Exception {
    int most = flows[flows.length - 1];
    try (Programs programs = new Programs(scene, most);
        InKernel known = new InKernel(scene, programs.all(), most, packets(), rounds);
        Scaling scaling = new Scaling(scene, programs.all(), cores, packets(), rounds)) {
      for (int each : flows) {
        progress("packet: %s, %d flows, cores %s".formatted(scene, each, cores));
        known.introduce(each);
        Map<String, Samples> results = scaling.measure(each);
        for (Program program : programs.all()) {
          Row row = scene.on(Row.of("packet", program.name())).with("flows", each);
          rows.add(row.with("x-cores", results.get(program.name()).middleMean()));
        }
      }
    }
  }

  private Timing timing(Scene scene, List<Program> programs) {
    return perCall
        ? new PerCall(scene, programs, packets())
        : new InKernel(scene, programs, flows[flows.length - 1], packets(), rounds);
  }

  private static Row gross(Row row, Program program, Map<String, Samples> results) {
    Samples samples = results.get(program.name());
    double bare = results.get(Program.BARE_TX).middleMean();
    return row.with(samples, "ns", 50, 90)
        .with("middle-mean", samples.middleMean())
        .with("times-bare-tx", samples.middleMean() / bare);
  }

  private static Row net(Row row, Program program, Map<String, Samples> results) {
    double bare = results.get(Program.BARE_TX).middleMean();
    double net = results.get(program.name()).middleMean() - bare;
    if (program.name().equals(Program.BARE_TX)) {
      return row.with("loop-ns", bare);
    }
    double encap = results.get(Program.BARE_ENCAP).middleMean() - bare;
    return row.with("net-ns", net)
        .with("mpps", NANOS_PER_MICRO / net)
        .with("times-bare-encap", net / encap)
        .with("instructions", program.instructions());
  }
}
