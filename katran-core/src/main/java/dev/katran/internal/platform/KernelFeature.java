package dev.katran.internal.platform;

import dev.katran.internal.failure.Failure;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** The kernel features that every balancer needs, in the order in which Linux gained them. */
enum KernelFeature {
  /** The programs are compiled with {@code -mcpu=v3}. */
  JMP32("32-bit jumps in BPF programs", 5, 1),
  /**
   * The configuration is in {@code const volatile} variables, which libbpf keeps in a frozen map.
   */
  FROZEN_MAPS("frozen BPF maps", 5, 2),
  /** TCP options and nested tunnels are parsed in loops. */
  BOUNDED_LOOPS("bounded loops in BPF programs", 5, 3),
  /** The process and the program share the memory of rings and counters. */
  MMAPABLE_ARRAYS("mmap-able BPF arrays", 5, 5),
  /** The verifier removes code that the configuration does not use. */
  READ_ONLY_MAP_CONSTANTS("read-only BPF maps as verifier constants", 5, 5),
  /** A link detaches its program when the process ends, and replaces it atomically. */
  XDP_LINKS("XDP links", 5, 9);

  private final String description;
  private final int major;
  private final int minor;

  KernelFeature(String description, int major, int minor) {
    this.description = description;
    this.major = major;
    this.minor = minor;
  }

  private KernelVersion since() {
    return new KernelVersion(major, minor);
  }

  /** Returns the features that a kernel lacks. */
  static List<KernelFeature> missingIn(KernelVersion version) {
    return Arrays.stream(values()).filter(feature -> version.isOlderThan(feature.since())).toList();
  }

  /**
   * Returns a failure that names the features that the kernel may lack, if the kernel refused an
   * operation and is of a version that had not gained all of them. Any other failure is returned as
   * it is.
   *
   * @param release the release of the kernel, such as {@code 5.8.18}
   */
  static Failure explain(Failure failure, String release) {
    List<KernelFeature> missing =
        KernelVersion.of(release).map(KernelFeature::missingIn).orElse(List.of());
    if (failure.kind() != Failure.Kind.REFUSED || missing.isEmpty()) {
      return failure;
    }
    return new Failure(
        Failure.Kind.UNSUPPORTED_KERNEL,
        "%s; this kernel is Linux %s, which lacks %s unless its distributor has added that;"
                .formatted(
                    failure.getMessage(),
                    release,
                    missing.stream().map(KernelFeature::toString).collect(Collectors.joining(", ")))
            + " LoadBalancer.inMemory() runs everywhere",
        failure.getCause());
  }

  /** Returns text such as {@code frozen BPF maps (since Linux 5.2)}. */
  @Override
  public String toString() {
    return description + " (since Linux " + since() + ")";
  }
}
