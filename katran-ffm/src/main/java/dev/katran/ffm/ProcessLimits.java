package dev.katran.ffm;

import dev.katran.ffm.internal.LibC;

/**
 * The limits of this process, for messages about errors like {@code EMFILE}.
 *
 * @since 0.1.0
 */
public final class ProcessLimits {

  /** From asm-generic/resource.h. */
  private static final int RLIMIT_NOFILE = 7;

  private ProcessLimits() {}

  /** Returns how many files the process may have open, as by {@code ulimit -n}. */
  public static long openFiles() {
    return LibC.limit(RLIMIT_NOFILE);
  }
}
