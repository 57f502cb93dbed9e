package dev.katran.internal.control;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;

/** Reads a record that a {@link LogWriter} has written. */
final class LogReader {

  private final ByteBuffer in;
  private final LogRecord type;

  LogReader(byte[] record) {
    in = ByteBuffer.wrap(record);
    type = LogRecord.of(in.get());
  }

  LogRecord type() {
    return type;
  }

  int number() {
    return in.getInt();
  }

  long wide() {
    return in.getLong();
  }

  Duration time() {
    return Duration.ofNanos(in.getLong());
  }

  String text() {
    byte[] bytes = new byte[in.getInt()];
    in.get(bytes);
    return new String(bytes, StandardCharsets.UTF_8);
  }

  /** Reads a list. The action reads one value. */
  void list(Runnable each) {
    int count = in.getInt();
    for (int i = 0; i < count; i++) {
      each.run();
    }
  }
}
