package dev.katran.internal.platform;

import dev.katran.ffm.LibbpfLibrary;
import dev.katran.internal.failure.Failure;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Checks the system before anything is loaded, so that an exception can name what is missing. */
public final class PlatformCheck {

  private static final Path STATUS = Path.of("/proc/thread-self/status");
  private static final Pattern EFFECTIVE =
      Pattern.compile("^CapEff:\\s*([0-9a-f]+)$", Pattern.MULTILINE);

  private PlatformCheck() {}

  /**
   * Checks operating system, byte order, libbpf and capabilities, in this order. Does not check the
   * version of the kernel: distributors add features to old ones. Whether a feature is there shows
   * when it is used, see {@link KernelFeature#explain}.
   *
   * @throws Failure if a requirement is missing; the message names it
   * @throws dev.katran.ffm.LibbpfUnavailableException if libbpf is missing or cannot be called
   */
  public static void check() {
    checkSystem(System.getProperty("os.name"));
    checkByteOrder(ByteOrder.nativeOrder());
    LibbpfLibrary.ensureLoaded();
    try {
      checkCapabilities(Files.readString(STATUS));
    } catch (IOException e) {
      // Without /proc the capabilities are unknown. The kernel reports missing ones later.
    }
  }

  static void checkSystem(String system) {
    if (!system.equals("Linux")) {
      throw new Failure(
          Failure.Kind.UNSUPPORTED_KERNEL,
          "XDP needs Linux, but this system is %s; LoadBalancer.inMemory() runs everywhere"
              .formatted(system));
    }
  }

  /** Rejects big-endian machines: the programs are compiled for x86-64 and AArch64. */
  static void checkByteOrder(ByteOrder order) {
    if (order != ByteOrder.LITTLE_ENDIAN) {
      throw new Failure(
          Failure.Kind.UNSUPPORTED_KERNEL,
          "this machine is big-endian (%s), but the BPF programs are little-endian;"
                  .formatted(System.getProperty("os.arch"))
              + " LoadBalancer.inMemory() runs everywhere");
    }
  }

  static void checkCapabilities(String status) {
    Matcher effective = EFFECTIVE.matcher(status);
    if (!effective.find()) {
      return;
    }
    long capabilities = Long.parseUnsignedLong(effective.group(1), 16);
    List<Capability> missing =
        Arrays.stream(Capability.values()).filter(needed -> !needed.isIn(capabilities)).toList();
    if (!missing.isEmpty()) {
      throw new Failure(
          Failure.Kind.MISSING_CAPABILITY,
          "XDP needs capabilities that this process does not have: %s; run it as root, or its container with %s"
              .formatted(
                  missing.stream().map(Capability::names).collect(Collectors.joining(", ")),
                  missing.stream().map(Capability::option).collect(Collectors.joining(" "))));
    }
  }

  /** The capabilities that a balancer needs, see capabilities(7). */
  private enum Capability {
    /** Needed to load programs and to create maps. */
    CAP_BPF(39, true),
    /**
     * Without it, the verifier's protection against speculative execution rejects the programs:
     * they subtract pointers to compute a frame's length, and access a header at offsets that
     * differ between paths.
     */
    CAP_PERFMON(38, true),
    /** Needed to load and attach networking programs. */
    CAP_NET_ADMIN(12, false);

    private static final int CAP_SYS_ADMIN = 21;

    private final int bit;
    private final boolean partOfSysAdmin;

    Capability(int bit, boolean partOfSysAdmin) {
      this.bit = bit;
      this.partOfSysAdmin = partOfSysAdmin;
    }

    boolean isIn(long capabilities) {
      return has(capabilities, bit) || (partOfSysAdmin && has(capabilities, CAP_SYS_ADMIN));
    }

    String names() {
      return partOfSysAdmin ? name() + " (or CAP_SYS_ADMIN)" : name();
    }

    /** Returns the option of Docker and Podman that grants the capability to a container. */
    String option() {
      return "--cap-add " + name().substring("CAP_".length());
    }

    private static boolean has(long capabilities, int bit) {
      return (capabilities & 1L << bit) != 0;
    }
  }
}
