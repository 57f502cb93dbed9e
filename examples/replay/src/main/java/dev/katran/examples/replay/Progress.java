package dev.katran.examples.replay;

import java.io.Closeable;
import java.io.Console;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;

/** A progress bar on standard error. */
final class Progress implements Closeable {

  private static final int KIBI = 1024;

  private final @Nullable ProgressBar bar;

  private Progress(@Nullable ProgressBar bar) {
    this.bar = bar;
  }

  /** Returns a progress bar that is not shown. */
  static Progress hidden() {
    return new Progress(null);
  }

  /** Returns a bar that counts bytes; it is hidden unless the JVM has a terminal. */
  static Progress ofBytes(String task, long bytes) {
    if (Optional.ofNullable(System.console()).filter(Console::isTerminal).isEmpty()) {
      return hidden();
    }
    return new Progress(
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(bytes)
            .setUnit(" KiB", KIBI)
            .build());
  }

  void stepTo(long bytes) {
    if (bar != null) {
      bar.stepTo(bytes);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
    }
  }
}
