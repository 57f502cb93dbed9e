package dev.katran.golden;

import com.google.common.io.BaseEncoding;
import com.google.common.net.InetAddresses;
import dev.katran.Simulation;
import dev.katran.Verdict;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A frame, and what becomes of it.
 *
 * @param output the frame as it is left in the buffer, whatever the verdict
 */
record Row(String id, String description, Verdict verdict, byte[] input, byte[] output) {

  private static final BaseEncoding HEX = BaseEncoding.base16().lowerCase();

  /** Reads a table of tab-separated rows in which {@code #} starts a comment. */
  static List<Row> read(Path tsv) throws IOException {
    return Files.readAllLines(tsv).stream()
        .filter(line -> !line.isBlank() && !line.startsWith("#"))
        .map(Row::parse)
        .toList();
  }

  private static Row parse(String line) {
    String[] cells = line.split("\t", -1);
    if (cells.length != 5) {
      throw new IllegalArgumentException("row of " + cells.length + " cells: " + line);
    }
    return new Row(
        cells[0],
        cells[1],
        Verdict.valueOf(cells[2]),
        HEX.decode(cells[3].strip()),
        HEX.decode(cells[4].strip()));
  }

  /** Where the frame is sent to, if it is an IP packet. */
  Optional<InetAddress> destination() {
    int etherType = (input[12] & 0xff) << 8 | input[13] & 0xff;
    return switch (etherType) {
      case 0x0800 -> Optional.of(address(Arrays.copyOfRange(input, 30, 34)));
      case 0x86dd -> Optional.of(address(Arrays.copyOfRange(input, 38, 54)));
      default -> Optional.empty();
    };
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }

  /** Fails unless the balancer did the same; shows both frames, and where they differ. */
  void check(Simulation actual) {
    if (actual.verdict() == verdict && Arrays.equals(actual.frame(), output)) {
      return;
    }
    int same = Arrays.mismatch(output, actual.frame());
    String difference =
        same < 0
            ? "the frames are equal"
            : "           %s^ byte %d".formatted("  ".repeat(same) + " ".repeat(5), same);
    throw new AssertionError(
        """
        row %s: %s
        to %s
        input      %s
        expected   %-4s %s
        but was    %-4s %s
        %s\
        """
            .formatted(
                id,
                description,
                destination().map(InetAddresses::toAddrString).orElse("no IP address"),
                HEX.encode(input),
                verdict,
                HEX.encode(output),
                actual.verdict(),
                HEX.encode(actual.frame()),
                difference));
  }

  @Override
  public String toString() {
    return "row " + id + ": " + description;
  }
}
