package dev.katran.dataplane;

import java.util.Arrays;
import java.util.List;

/** What the kernel must have for any balancer, in the order in which it came to Linux. */
enum KernelFeature {
  /** What the programs are compiled to, {@code -mcpu=v3}. */
  JUMPS_ON_HALF_REGISTERS("jumps on 32 bits in BPF programs", 5, 1),
  /** The configuration is in constants of the program, in a map that is frozen. */
  FROZEN_MAPS("frozen BPF maps", 5, 2),
  /** For the options of TCP, and tunnels in tunnels. */
  BOUNDED_LOOPS("bounded loops in BPF programs", 5, 3),
  /** Rings and counters are in memory that the process and the program share. */
  MEMORY_MAPPED_ARRAYS("BPF arrays that can be mapped into memory", 5, 5),
  /** Without this, the verifier would not leave out what is not used. */
  KNOWN_CONSTANTS("constants that the BPF verifier knows", 5, 5),
  /** They end with the process, and put one program in the place of another. */
  XDP_LINKS("links of XDP programs", 5, 9);

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

  /** What a kernel does not have yet. */
  static List<KernelFeature> missingIn(KernelVersion version) {
    return Arrays.stream(values()).filter(feature -> version.isOlderThan(feature.since())).toList();
  }

  /** What it is, and which kernel has it. */
  @Override
  public String toString() {
    return description + " (since Linux " + since() + ")";
  }
}
