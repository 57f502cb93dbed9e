package dev.katran.dataplane;

import dev.katran.LoadBalancerException;
import dev.katran.MissingCapabilityException;
import dev.katran.UnsupportedKernelException;
import dev.katran.bpf.BpfPrograms;
import dev.katran.bpf.generated.Katran;
import dev.katran.ffm.LibbpfLibrary;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** What the machine must offer before anything is loaded, so that a refusal can say what it is. */
final class Platform {

  private static final Path STATUS = Path.of("/proc/thread-self/status");
  private static final Pattern EFFECTIVE =
      Pattern.compile("^CapEff:\\s*([0-9a-f]+)$", Pattern.MULTILINE);

  private Platform() {}

  /**
   * Throws the exception that says what is missing, if anything is.
   *
   * @throws dev.katran.ffm.LibbpfUnavailableException if it is libbpf, or leave to call it
   */
  static void check() {
    checkKernel(System.getProperty("os.name"), System.getProperty("os.version"));
    checkByteOrder(ByteOrder.nativeOrder());
    LibbpfLibrary.ensureLoaded();
    checkAbi();
    try {
      checkCapabilities(Files.readString(STATUS));
    } catch (IOException e) {
      // Without /proc nobody knows; the kernel will say.
    }
  }

  /** The ABI's layouts need native access, too, and say so by failing to be initialised. */
  private static void checkAbi() {
    try {
      var _ = Katran.KATRAN_TX();
    } catch (LinkageError e) {
      throw new LoadBalancerException(
          "the JVM denies native access; start it with --enable-native-access=%s,%s"
              .formatted(
                  LibbpfLibrary.class.getModule().getName(),
                  BpfPrograms.class.getModule().getName()),
          e);
    }
  }

  static void checkKernel(String system, String release) {
    if (!system.equals("Linux")) {
      throw new UnsupportedKernelException(
          "XDP needs Linux, and this is %s; LoadBalancer.inMemory() runs everywhere"
              .formatted(system));
    }
    List<KernelFeature> missing =
        KernelVersion.of(release).map(KernelFeature::missingIn).orElse(List.of());
    if (!missing.isEmpty()) {
      throw new UnsupportedKernelException(
          "this kernel is Linux %s, which lacks %s; LoadBalancer.inMemory() runs everywhere"
              .formatted(
                  release,
                  missing.stream().map(KernelFeature::toString).collect(Collectors.joining(", "))));
    }
  }

  /** The programs are compiled for one byte order, which x86-64 and AArch64 have. */
  static void checkByteOrder(ByteOrder order) {
    if (order != ByteOrder.LITTLE_ENDIAN) {
      throw new UnsupportedKernelException(
          "this machine is big-endian (%s), and the programs are for little-endian ones;"
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
      throw new MissingCapabilityException(
          "XDP needs capabilities that this process does not have: %s; run it as root, or its container with %s"
              .formatted(
                  missing.stream().map(Capability::names).collect(Collectors.joining(", ")),
                  missing.stream().map(Capability::option).collect(Collectors.joining(" "))));
    }
  }

  /** What a balancer needs, capabilities(7). */
  private enum Capability {
    /** To load programs and make maps. */
    CAP_BPF(39, true),
    /**
     * For what the verifier denies to others for fear of what the CPU does on the paths that it
     * guesses: subtracting pointers, which tells a frame's length, and reaching for a header from
     * paths on which it is at different places.
     */
    CAP_PERFMON(38, true),
    /** To load and attach programs of the network. */
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

    /** What gives it to a container, in the words of Docker and Podman. */
    String option() {
      return "--cap-add " + name().substring("CAP_".length());
    }

    private static boolean has(long capabilities, int bit) {
      return (capabilities & 1L << bit) != 0;
    }
  }
}
