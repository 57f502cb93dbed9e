package dev.katran.traffic;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Collects what is written to standard error, where the tests log, until it is closed. */
final class StandardError implements AutoCloseable {

  private final PrintStream before = System.err;
  private final ByteArrayOutputStream written = new ByteArrayOutputStream();

  StandardError() {
    System.setErr(new PrintStream(written, true, StandardCharsets.UTF_8));
  }

  /** Returns the lines so far that contain a text, such as the name of a logger. */
  List<String> lines(String text) {
    return written.toString(StandardCharsets.UTF_8).lines().filter(l -> l.contains(text)).toList();
  }

  @Override
  public void close() {
    System.setErr(before);
    before.print(written.toString(StandardCharsets.UTF_8));
  }
}
