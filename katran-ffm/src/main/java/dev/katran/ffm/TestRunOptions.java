package dev.katran.ffm;

/**
 * Options of {@link BpfProgram#run}. {@link #DEFAULT} runs the program once and sends nothing.
 *
 * @param repeat the number of runs, at least 1. Without live frames, each run processes the result
 *     of the previous one, so only programs that do not change the frame can usefully be repeated
 * @param flags 0 or {@link BpfConstants#BPF_F_TEST_XDP_LIVE_FRAMES}, which yields neither an output
 *     frame nor a return value
 * @param cpu the CPU, for program types that support a choice; XDP programs run on the caller's CPU
 * @param batchSize the number of live frames per batch, up to 256; 0 is the kernel's default, 64
 * @since 0.1.0
 */
public record TestRunOptions(int repeat, int flags, int cpu, int batchSize) {

  /** Runs the program once on the calling CPU and sends nothing. */
  public static final TestRunOptions DEFAULT = new TestRunOptions(1, 0, 0, 0);

  /** Checks that {@code repeat} is at least 1 and that no other number is negative. */
  public TestRunOptions {
    require(repeat, 1, "repeat");
    require(cpu, 0, "cpu");
    require(batchSize, 0, "batchSize");
  }

  /** Returns a copy with another number of runs, at least 1. */
  public TestRunOptions repeat(int repeat) {
    return new TestRunOptions(repeat, flags, cpu, batchSize);
  }

  /** Returns a copy with other flags. */
  public TestRunOptions flags(int flags) {
    return new TestRunOptions(repeat, flags, cpu, batchSize);
  }

  /** Returns a copy with another CPU, 0 or more. */
  public TestRunOptions cpu(int cpu) {
    return new TestRunOptions(repeat, flags, cpu, batchSize);
  }

  /** Returns a copy with another batch size for live frames, 0 or more. */
  public TestRunOptions batchSize(int batchSize) {
    return new TestRunOptions(repeat, flags, cpu, batchSize);
  }

  private static void require(int value, int min, String option) {
    if (value < min) {
      throw new IllegalArgumentException(option + " " + value + ", must be at least " + min);
    }
  }
}
