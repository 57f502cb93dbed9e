package dev.katran.golden;

import com.google.common.base.Strings;
import com.google.common.net.InetAddresses;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.packets.Hex;
import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A frame, and what becomes of it.
 *
 * @param input the frame in hex
 * @param output the frame in hex as it is left in the buffer, whatever the verdict
 */
record Row(String id, String description, Verdict verdict, String input, String output) {

  /** Where both frames start in the message of a failure. */
  private static final int FRAME_COLUMN = 16;

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
        cells[0], cells[1], Verdict.valueOf(cells[2]), canonical(cells[3]), canonical(cells[4]));
  }

  private static String canonical(String hex) {
    return Hex.of(Hex.decode(hex.strip()));
  }

  byte[] frame() {
    return Hex.decode(input);
  }

  /** Where the frame is sent to, if it is an IP packet. */
  Optional<InetAddress> destination() {
    byte[] frame = frame();
    int etherType = ByteBuffer.wrap(frame).getShort(12) & 0xffff;
    return switch (etherType) {
      case 0x0800 -> Optional.of(address(Arrays.copyOfRange(frame, 30, 34)));
      case 0x86dd -> Optional.of(address(Arrays.copyOfRange(frame, 38, 54)));
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
    String frame = Hex.of(actual.frame());
    if (actual.verdict() == verdict && frame.equals(output)) {
      return;
    }
    int same = Strings.commonPrefix(output, frame).length() / 2;
    String difference =
        frame.equals(output)
            ? "the frames are equal"
            : "%s^ byte %d".formatted(" ".repeat(FRAME_COLUMN + 2 * same), same);
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
                input,
                verdict,
                output,
                actual.verdict(),
                frame,
                difference));
  }

  @Override
  public String toString() {
    return "row " + id + ": " + description;
  }
}
