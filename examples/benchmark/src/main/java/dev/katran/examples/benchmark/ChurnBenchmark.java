package dev.katran.examples.benchmark;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures how many open flows move while backends come and go. */
@Command(
    name = "churn",
    mixinStandardHelpOptions = true,
    description = "Counts open flows that move while backends come and go.")
final class ChurnBenchmark extends Measurement {

  /** Flow table entries per flow: with this many, one flow in a million finds no place. */
  private static final int ENTRIES_PER_FLOW = 8;

  private static final int MIN_ENTRIES = 1 << 16;

  @Option(
      names = "--flows",
      defaultValue = "1000000",
      description = "number of flows that stay open (default: ${DEFAULT-VALUE})")
  private int flows;

  @Option(
      names = "--seconds",
      defaultValue = "30",
      description = "seconds during which backends come and go (default: ${DEFAULT-VALUE})")
  private int seconds;

  @Option(
      names = "--syns",
      defaultValue = "10000000",
      description = "SYNs in a flood (default: ${DEFAULT-VALUE})")
  private int syns;

  @Option(
      names = "--window",
      defaultValue = "30",
      description =
          "change window in seconds; each flow sends a packet within it (default: ${DEFAULT-VALUE})")
  private int window;

  @Option(
      names = "--scenario",
      split = ",",
      defaultValue =
          "ADAPTIVE,ADAPTIVE_FLOOD_BEFORE,ADAPTIVE_FLOOD_DURING,ADAPTIVE_RESTART,"
              + "ALWAYS_FLOOD_DURING,NONE",
      description = "${COMPLETION-CANDIDATES} (default: all)")
  private ChurnScenario[] scenarios;

  @Override
  List<Row> measure() throws Exception {
    if (flows < 1 || seconds < 1 || syns < 0) {
      throw new IllegalArgumentException(
          "--flows and --seconds must be 1 or more, --syns 0 or more");
    }
    int entries = Math.toIntExact(Math.max(MIN_ENTRIES, (long) ENTRIES_PER_FLOW * flows));
    Churn.Settings settings =
        new Churn.Settings(
            flows, Duration.ofSeconds(seconds), syns, Duration.ofSeconds(window), entries);
    List<Row> rows = new ArrayList<>();
    for (ChurnScenario scenario : scenarios) {
      rows.add(
          new Churn(scenario, settings, text -> progress("churn: %s: %s".formatted(scenario, text)))
              .run());
    }
    return rows;
  }
}
