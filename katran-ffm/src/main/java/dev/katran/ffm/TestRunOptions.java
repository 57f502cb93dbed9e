package dev.katran.ffm;

/**
 * How {@link BpfProgram#run} runs a program; {@link #DEFAULT} is once, in a buffer of its own.
 *
 * @param repeat how often to run it, at least 1. Without live frames every run gets what the one
 *     before left, so only a program that does not change the frame can be repeated usefully
 * @param flags 0 or {@link BpfConstants#BPF_F_TEST_XDP_LIVE_FRAMES}, with which there is neither an
 *     output nor a return value
 * @param cpu the CPU for the program types that let one choose; an XDP program runs on the caller's
 * @param batchSize how many live frames are sent at a time, up to 256; 0 is the kernel's choice, 64
 */
public record TestRunOptions(int repeat, int flags, int cpu, int batchSize) {

  /** Once, on this CPU, nothing is sent. */
  public static final TestRunOptions DEFAULT = new TestRunOptions(1, 0, 0, 0);

  /** Checks the ranges. */
  public TestRunOptions {
    require(repeat >= 1, "repeat", repeat);
    require(cpu >= 0, "cpu", cpu);
    require(batchSize >= 0, "batchSize", batchSize);
  }

  /** The same with another number of runs, at least 1. */
  public TestRunOptions repeat(int repeat) {
    return new TestRunOptions(repeat, flags, cpu, batchSize);
  }

  /** The same with other flags. */
  public TestRunOptions flags(int flags) {
    return new TestRunOptions(repeat, flags, cpu, batchSize);
  }

  /** The same on another CPU. */
  public TestRunOptions cpu(int cpu) {
    return new TestRunOptions(repeat, flags, cpu, batchSize);
  }

  /** The same with another number of live frames sent at a time. */
  public TestRunOptions batchSize(int batchSize) {
    return new TestRunOptions(repeat, flags, cpu, batchSize);
  }

  private static void require(boolean holds, String what, int value) {
    if (!holds) {
      throw new IllegalArgumentException(what + " " + value);
    }
  }
}
