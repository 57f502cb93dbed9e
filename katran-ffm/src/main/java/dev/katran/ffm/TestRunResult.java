package dev.katran.ffm;

/**
 * What came of running a program once.
 *
 * @param retval what it returned, such as {@link BpfConstants#XDP_TX}
 * @param length the length of the frame it left, in bytes
 * @param nanos how long a run took, on average if there was more than one
 */
public record TestRunResult(int retval, int length, int nanos) {}
