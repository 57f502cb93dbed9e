package dev.katran.examples.replay.scenario;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A folder of golden packets.
 *
 * @param name the scenario's own name
 * @param config how the balancer is opened
 * @param steps the steps that follow, in order
 */
public record Scenario(String name, Config config, List<Step> steps) {

  private static final String FILE = "scenario.json";

  /**
   * Reads a folder with its tables of packets.
   *
   * @throws IOException if a file is missing or cannot be read
   * @throws IllegalArgumentException if the scenario is invalid; the message names the reason
   */
  public static Scenario read(Path folder) throws IOException {
    return ScenarioReader.read(folder.resolve(FILE), table -> Row.read(folder.resolve(table)));
  }

  /**
   * Reads only a {@code scenario.json}; its tables of packets need not exist.
   *
   * @throws IOException if the file is missing or cannot be read
   * @throws IllegalArgumentException if the scenario is invalid; the message names the reason
   */
  public static Scenario readSetup(Path file) throws IOException {
    return ScenarioReader.read(file, table -> List.of());
  }

  /** Returns all rows of all steps in order. */
  public List<Row> rows() {
    return steps.stream()
        .flatMap(step -> step instanceof Step.Packets(List<Row> rows) ? rows.stream() : null)
        .toList();
  }
}
