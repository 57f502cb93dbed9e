package dev.katran.examples.benchmark;

import dev.katran.ffm.BpfMap;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** How many open flows change backend while backends come and go. */
@Command(
    name = "churn",
    mixinStandardHelpOptions = true,
    description = "Open flows that change backend while backends come and go.")
final class ChurnBenchmark extends Measurement {

  /**
   * All packets may be on one core. Of the entries that it has, half may be made in a window by
   * flows that were open before a change; and there is as much room again.
   */
  private static final int ENTRIES_PER_FLOW = 4;

  private static final int LEAST_ENTRIES = 1 << 16;

  @Option(
      names = "--flows",
      defaultValue = "1000000",
      description = "that stay open (default: ${DEFAULT-VALUE})")
  private int flows;

  @Option(
      names = "--seconds",
      defaultValue = "30",
      description = "for which backends come and go (default: ${DEFAULT-VALUE})")
  private int seconds;

  @Option(
      names = "--syns",
      defaultValue = "10000000",
      description = "of a flood (default: ${DEFAULT-VALUE})")
  private int syns;

  @Option(
      names = "--window",
      defaultValue = "30",
      description =
          "of a change in seconds, in which every flow sends a packet (default: ${DEFAULT-VALUE})")
  private int window;

  @Option(
      names = "--scenario",
      split = ",",
      defaultValue =
          "ADAPTIVE,ADAPTIVE_FLOOD_BEFORE,ADAPTIVE_FLOOD_DURING,ADAPTIVE_RESTART,"
              + "ALWAYS_FLOOD_DURING,NONE",
      description = "of ${COMPLETION-CANDIDATES} (default: all)")
  private ChurnScenario[] scenarios;

  @Override
  List<Row> measure() throws Exception {
    if (flows < 1 || seconds < 1 || syns < 0) {
      throw new IllegalArgumentException("one flow, one second and no SYN at least");
    }
    int entries =
        Math.toIntExact(
            Math.max(LEAST_ENTRIES, (long) ENTRIES_PER_FLOW * flows * BpfMap.possibleCpus()));
    Churn.Settings settings =
        new Churn.Settings(
            flows, Duration.ofSeconds(seconds), syns, Duration.ofSeconds(window), entries);
    List<Row> rows = new ArrayList<>();
    for (ChurnScenario scenario : scenarios) {
      rows.add(
          new Churn(scenario, settings, text -> say("churn: %s: %s".formatted(scenario, text)))
              .run());
    }
    return rows;
  }
}
