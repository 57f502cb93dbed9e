package dev.katran.internal.control;

import com.google.common.io.ByteArrayDataOutput;
import com.google.common.io.ByteStreams;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Collection;
import java.util.function.BiConsumer;

/** Writes a record of a {@link StateLog}: its type, then fields without names, big-endian. */
final class LogWriter {

  private final ByteArrayDataOutput out = ByteStreams.newDataOutput();

  LogWriter(LogRecord type) {
    out.writeByte(type.code());
  }

  LogWriter number(int value) {
    out.writeInt(value);
    return this;
  }

  LogWriter wide(long value) {
    out.writeLong(value);
    return this;
  }

  /** Writes a time in nanoseconds, at most 292 years. */
  LogWriter time(Duration value) {
    return wide(
        value.compareTo(Duration.ofNanos(Long.MAX_VALUE)) >= 0 ? Long.MAX_VALUE : value.toNanos());
  }

  LogWriter text(String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    out.writeInt(bytes.length);
    out.write(bytes);
    return this;
  }

  /** Writes the number of values and then each of them. */
  <T> LogWriter list(Collection<T> values, BiConsumer<LogWriter, ? super T> each) {
    out.writeInt(values.size());
    for (T value : values) {
      each.accept(this, value);
    }
    return this;
  }

  byte[] toByteArray() {
    return out.toByteArray();
  }
}
