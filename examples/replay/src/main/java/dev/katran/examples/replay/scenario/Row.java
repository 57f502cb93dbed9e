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
 * A frame and its expected result.
 *
 * @param id identifies the row in its table
 * @param description what the row tests
 * @param input the frame as it arrives, in hexadecimal
 * @param expected the verdict and the frame that remains in the buffer, whatever the verdict
 */
public record Row(String id, String description, String input, Simulation expected) {

  private static final HexFormat HEX = HexFormat.of();
  private static final int CELLS = 5;

  /**
   * Reads a table of tab-separated rows. Lines that start with {@code #} are comments.
   *
   * @throws IOException if the table is missing or cannot be read
   * @throws IllegalArgumentException if a line is not a valid row; the message gives table and line
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
          "row has %d cells instead of %d".formatted(cells.length, CELLS));
    }
    Verdict verdict = EnumNames.of(Verdict.class, "verdict", cells[2].strip());
    byte[] input = HEX.parseHex(cells[3].strip());
    byte[] output = HEX.parseHex(cells[4].strip());
    return new Row(
        cells[0].strip(), cells[1].strip(), HEX.formatHex(input), new Simulation(verdict, output));
  }

  /** Returns the frame as it arrives. */
  public byte[] frame() {
    return HEX.parseHex(input);
  }

  /** Returns text such as {@code row 1: packet to a VIP}. */
  @Override
  public String toString() {
    return "row " + id + ": " + description;
  }
}
