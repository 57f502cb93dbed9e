package dev.katran.ffm;

/**
 * The result of {@link BpfProgram#run}.
 *
 * @param retval the program's return value, such as {@link BpfConstants#XDP_TX}
 * @param length the length of the resulting frame in bytes
 * @param nanos the average duration of a run in nanoseconds
 * @since 0.1.0
 */
public record TestRunResult(int retval, int length, int nanos) {}
