package dev.katran.examples.replay.scenario;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A folder of golden packets.
 *
 * @param name what the scenario calls itself
 * @param config how the balancer is opened
 * @param steps what is then done, in this order
 */
public record Scenario(String name, Config config, List<Step> steps) {

  private static final String FILE = "scenario.json";

  /**
   * Reads a folder, with its tables of packets.
   *
   * @throws IOException if a file is missing or cannot be read
   * @throws IllegalArgumentException if it says something that is unknown or makes no sense; the
   *     message names it
   */
  public static Scenario read(Path folder) throws IOException {
    return ScenarioReader.read(folder.resolve(FILE), table -> Row.read(folder.resolve(table)));
  }

  /**
   * Reads a {@code scenario.json} alone: its tables of packets need not be there.
   *
   * @throws IOException if the file is missing or cannot be read
   * @throws IllegalArgumentException if it says something that is unknown or makes no sense; the
   *     message names it
   */
  public static Scenario readSetup(Path file) throws IOException {
    return ScenarioReader.read(file, table -> List.of());
  }

  /** All rows of all steps, in the order in which they are played. */
  public List<Row> rows() {
    return steps.stream()
        .flatMap(step -> step instanceof Step.Packets(List<Row> rows) ? rows.stream() : null)
        .toList();
  }
}
