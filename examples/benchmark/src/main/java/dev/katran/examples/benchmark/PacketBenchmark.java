package dev.katran.examples.benchmark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How long the program takes for a packet. */
@Command(
    name = "packet",
    mixinStandardHelpOptions = true,
    description = "Nanoseconds per packet, by BPF_PROG_TEST_RUN on one core.")
final class PacketBenchmark extends Measurement {

  private static final int MAX_VIPS = 500;

  @Option(
      names = "--flows",
      split = ",",
      defaultValue = "1,1000,100000,1000000",
      description = "how many random flows (default: ${DEFAULT-VALUE})")
  private int[] flows;

  @Option(
      names = "--vips",
      split = ",",
      defaultValue = "1,100",
      description = "how many VIPs (default: ${DEFAULT-VALUE})")
  private int[] vips;

  @Option(
      names = "--family",
      split = ",",
      defaultValue = "V4,V6",
      description = "of clients, VIPs and backends (default: ${DEFAULT-VALUE})")
  private Family[] families;

  @Option(
      names = "--encapsulation",
      split = ",",
      defaultValue = "IPIP,GUE",
      description = "towards the backends (default: ${DEFAULT-VALUE})")
  private Wrapping[] wrappings;

  @Option(
      names = "--packets",
      defaultValue = "20000",
      description = "measured for each variant (default: ${DEFAULT-VALUE})")
  private int packets;

  @Option(
      names = "--core",
      defaultValue = "0",
      description = "that all runs on (default: ${DEFAULT-VALUE})")
  private int core;

  @Override
  List<Row> measure() throws Exception {
    Arrays.sort(flows);
    if (flows.length == 0 || flows[0] < 1 || packets < 1) {
      throw new IllegalArgumentException("one flow at least, and one packet at least");
    }
    for (int number : vips) {
      if (number < 1 || number > MAX_VIPS) {
        throw new IllegalArgumentException(number + " VIPs are not in 1.." + MAX_VIPS);
      }
    }
    List<Row> rows = new ArrayList<>();
    for (Family family : families) {
      for (Wrapping wrapping : wrappings) {
        for (int number : vips) {
          measure(family, wrapping, number, rows);
        }
      }
    }
    return rows;
  }

  private void measure(Family family, Wrapping wrapping, int number, List<Row> rows)
      throws Exception {
    int most = flows[flows.length - 1];
    try (Contest contest = new Contest(family, wrapping.encapsulation(), number, most)) {
      for (int each : flows) {
        say("packet: %s, %s, %d VIPs, %d flows".formatted(family, wrapping, number, each));
        Map<String, Samples> results = Cores.call(core, () -> contest.measure(each, packets));
        double bare = results.get("bare-tx").middleMean();
        results.forEach((variant, samples) ->
            rows.add(
                Row.of("packet", variant)
                    .with("family", family.toString())
                    .with("encapsulation", wrapping.toString())
                    .with("flows", each)
                    .with("vips", number)
                    .with(samples, "ns", 50, 90)
                    .with("middle-mean", samples.middleMean())
                    .with("times-bare-tx", samples.middleMean() / bare)));
      }
    }
  }
}
