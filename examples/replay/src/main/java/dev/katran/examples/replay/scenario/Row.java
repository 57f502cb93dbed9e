package dev.katran.examples.replay.scenario;

import dev.katran.Simulation;
import dev.katran.Verdict;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * A frame, and what is to become of it.
 *
 * @param id what tells it from others of its table
 * @param description what it is about
 * @param input the frame in hex, as it comes in
 * @param expected the verdict, and the frame as it is left in the buffer, whatever the verdict
 */
public record Row(String id, String description, String input, Simulation expected) {

  private static final HexFormat HEX = HexFormat.of();
  private static final int CELLS = 5;

  /**
   * Reads a table of tab-separated rows, in which lines that start with {@code #} are comments.
   *
   * @throws IOException if there is no such table, or it cannot be read
   * @throws IllegalArgumentException if a line is no row; the message names both
   */
  public static List<Row> read(Path table) throws IOException {
    List<String> lines = Files.readAllLines(table);
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < lines.size(); i++) {
      if (lines.get(i).isBlank() || lines.get(i).startsWith("#")) {
        continue;
      }
      try {
        rows.add(parse(lines.get(i)));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "%s, line %d: %s".formatted(table.getFileName(), i + 1, e.getMessage()), e);
      }
    }
    return rows;
  }

  private static Row parse(String line) {
    String[] cells = line.split("\t", -1);
    if (cells.length != CELLS) {
      throw new IllegalArgumentException(
          "a row of %d cells, not of %d".formatted(cells.length, CELLS));
    }
    Verdict verdict = Choices.of(Verdict.class, "verdict", cells[2].strip());
    byte[] input = HEX.parseHex(cells[3].strip());
    byte[] output = HEX.parseHex(cells[4].strip());
    return new Row(
        cells[0].strip(), cells[1].strip(), HEX.formatHex(input), new Simulation(verdict, output));
  }

  /** The frame as it comes in. */
  public byte[] frame() {
    return HEX.parseHex(input);
  }

  /** As in {@code row 1: packet to a VIP}. */
  @Override
  public String toString() {
    return "row " + id + ": " + description;
  }
}
