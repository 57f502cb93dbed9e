package dev.katran.examples.benchmark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures the program's time per packet. */
@Command(
    name = "packet",
    mixinStandardHelpOptions = true,
    description = "Measures nanoseconds per packet, by BPF_PROG_TEST_RUN on one core.")
final class PacketBenchmark extends Measurement {

  private static final int MAX_VIPS = 500;

  @Option(
      names = "--flows",
      split = ",",
      defaultValue = "1,1000,100000,1000000",
      description = "numbers of random flows (default: ${DEFAULT-VALUE})")
  private int[] flows;

  @Option(
      names = "--vips",
      split = ",",
      defaultValue = "1,100",
      description = "numbers of VIPs (default: ${DEFAULT-VALUE})")
  private int[] vips;

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
      description = "encapsulations towards the backends (default: ${DEFAULT-VALUE})")
  private Tunnel[] tunnels;

  @Option(
      names = "--packets",
      defaultValue = "20000",
      description = "packets to measure per variant (default: ${DEFAULT-VALUE})")
  private int packets;

  @Option(
      names = "--core",
      defaultValue = "0",
      description = "core that everything runs on (default: ${DEFAULT-VALUE})")
  private int core;

  @Override
  List<Row> measure() throws Exception {
    Arrays.sort(flows);
    if (flows.length == 0 || flows[0] < 1 || packets < 1) {
      throw new IllegalArgumentException("--flows and --packets must be 1 or more");
    }
    for (int number : vips) {
      if (number < 1 || number > MAX_VIPS) {
        throw new IllegalArgumentException("--vips %d is not in 1..%d".formatted(number, MAX_VIPS));
      }
    }
    List<Row> rows = new ArrayList<>();
    for (Family family : families) {
      for (Tunnel tunnel : tunnels) {
        for (int number : vips) {
          measure(family, tunnel, number, rows);
        }
      }
    }
    return rows;
  }

  private void measure(Family family, Tunnel tunnel, int number, List<Row> rows) throws Exception {
    int most = flows[flows.length - 1];
    try (ProgramComparison programs =
        new ProgramComparison(family, tunnel.encapsulation(), number, most)) {
      for (int each : flows) {
        progress("packet: %s, %s, %d VIPs, %d flows".formatted(family, tunnel, number, each));
        Map<String, Samples> results = Cores.call(core, () -> programs.measure(each, packets));
        double bare = results.get("bare-tx").middleMean();
        results.forEach((variant, samples) ->
            rows.add(
                Row.of("packet", variant)
                    .with("family", family.toString())
                    .with("encapsulation", tunnel.toString())
                    .with("flows", each)
                    .with("vips", number)
                    .with(samples, "ns", 50, 90)
                    .with("middle-mean", samples.middleMean())
                    .with("times-bare-tx", samples.middleMean() / bare)));
      }
    }
  }
}
