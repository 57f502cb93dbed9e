package dev.katran.internal.platform;

/** The BPF helper {@code bpf_ktime_get_coarse_ns}, which Linux has since 5.11. */
public final class CoarseClock {

  private static final KernelVersion SINCE = new KernelVersion(5, 11);

  private CoarseClock() {}

  /** Returns whether this kernel has it; false if its version is not known. */
  public static boolean isAvailable() {
    return isAvailableIn(System.getProperty("os.version"));
  }

  static boolean isAvailableIn(String release) {
    return KernelVersion.of(release).filter(version -> !version.isOlderThan(SINCE)).isPresent();
  }
}
