package dev.katran;

import java.time.Duration;

/**
 * The kernel resources that a balancer uses, see {@link LoadBalancer#kernelResources}. All zero for
 * a balancer {@linkplain LoadBalancer#inMemory in memory}.
 *
 * @since 0.1.0
 */
public final class KernelResources {

  private final long memory;
  private final int instructions;
  private final Duration verificationTime;

  KernelResources(long memory, int instructions, Duration verificationTime) {
    this.memory = memory;
    this.instructions = instructions;
    this.verificationTime = verificationTime;
  }

  /** Returns the memory of the maps and the program in bytes, as the kernel accounts for it. */
  public long memory() {
    return memory;
  }

  /** Returns the size of the program in BPF instructions, after dead code elimination. */
  public int instructions() {
    return instructions;
  }

  /** Returns how long the verifier took. */
  public Duration verificationTime() {
    return verificationTime;
  }

  /**
   * Returns all resources, as in {@code 1572864 bytes, 1119 instructions, verified in PT0.005S}.
   */
  @Override
  public String toString() {
    return "%d bytes, %d instructions, verified in %s"
        .formatted(memory, instructions, verificationTime);
  }
}
