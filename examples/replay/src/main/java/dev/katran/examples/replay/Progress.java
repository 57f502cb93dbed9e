package dev.katran.examples.replay;

import java.io.Closeable;
import java.io.Console;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import org.jspecify.annotations.Nullable;

/** How far a long work is, on standard error; nothing is shown to nobody. */
final class Progress implements Closeable {

  private static final int KIBI = 1024;

  private final @Nullable ProgressBar bar;

  private Progress(@Nullable ProgressBar bar) {
    this.bar = bar;
  }

  /** Nothing. */
  static Progress hidden() {
    return new Progress(null);
  }

  /** A bar of so many bytes, if somebody sits at a console. */
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
