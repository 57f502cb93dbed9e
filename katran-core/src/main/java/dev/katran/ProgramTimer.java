package dev.katran;

import static java.util.Objects.requireNonNull;

import java.lang.foreign.MemorySegment;
import java.util.OptionalInt;

/**
 * Measures how long the forwarding program takes for a frame, for benchmarks.
 *
 * @since 0.1.0
 */
public final class ProgramTimer {

  private final LoadBalancer balancer;

  private ProgramTimer(LoadBalancer balancer) {
    this.balancer = balancer;
  }

  /** Returns a timer of a balancer's program. */
  public static ProgramTimer of(LoadBalancer balancer) {
    return new ProgramTimer(requireNonNull(balancer, "balancer"));
  }

  /**
   * Runs a frame as {@link LoadBalancer#simulate} does and returns how long the program took, by
   * the kernel's clock and without the system call around it. The time includes reading that clock.
   * For a balancer {@linkplain LoadBalancer#inMemory in memory} it is the time of the whole call.
   *
   * @param frame an Ethernet frame as for {@code simulate}, in native memory; not modified
   * @return nanoseconds
   * @throws IllegalArgumentException if the frame is too short or too long, not in native memory,
   *     or its arena is closed or confined to another thread
   * @throws IllegalStateException if the balancer is closed
   */
  public long nanos(MemorySegment frame) {
    if (!frame.isNative()) {
      throw new IllegalArgumentException("the frame is not in native memory: " + frame);
    }
    if (!frame.scope().isAlive()) {
      throw new IllegalArgumentException("the frame's arena is closed: " + frame);
    }
    if (!frame.isAccessibleBy(Thread.currentThread())) {
      throw new IllegalArgumentException(
          "the frame's arena is confined to another thread: " + frame);
    }
    return balancer.measure(frame);
  }

  /**
   * Returns the file descriptor of the forwarding program, so that a program of a benchmark can
   * call it by {@code bpf_tail_call}. It remains the balancer's: it is closed with the balancer,
   * and when a change needs a program with other features. Empty for a balancer {@linkplain
   * LoadBalancer#inMemory in memory}.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public OptionalInt descriptor() {
    return balancer.programDescriptor();
  }
}
