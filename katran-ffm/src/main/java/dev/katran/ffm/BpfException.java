package dev.katran.ffm;

import java.util.List;

/**
 * Thrown when a BPF operation fails. The message names the operation, the object and errno; for a
 * load, {@link #log()} returns the verifier's log.
 *
 * @since 0.1.0
 */
public class BpfException extends NativeException {

  private static final long serialVersionUID = 1L;

  /** The verifier reports the problem at the end of its log, after the path that led to it. */
  private static final int LINES_IN_MESSAGE = 60;

  private final String log;

  /**
   * Creates an exception without a log.
   *
   * @param operation the operation and its object, such as {@code "update map vips"}
   * @param errno the error number of the failed call, greater than 0
   */
  public BpfException(String operation, int errno) {
    this(operation, errno, "");
  }

  /**
   * Creates an exception with a log, of which the message contains the last 60 lines.
   *
   * @param operation the operation and its object, such as {@code "load program balancer"}
   * @param errno the error number of the failed call, greater than 0
   * @param log the verifier's log or libbpf's explanation; may be empty
   */
  public BpfException(String operation, int errno, String log) {
    super(operation, errno, tail(log));
    this.log = log;
  }

  /** Returns the complete log of the verifier or libbpf, or an empty string. */
  public String log() {
    return log;
  }

  /** Returns whether the kernel does not support the operation for this kind of object. */
  public boolean isNotSupported() {
    return errno() == Errno.ENOTSUPP || errno() == Errno.EOPNOTSUPP;
  }

  private static String tail(String log) {
    List<String> lines = log.strip().lines().toList();
    int omitted = lines.size() - LINES_IN_MESSAGE;
    if (omitted <= 0) {
      return log.strip();
    }
    return "... ("
        + omitted
        + " lines omitted)\n"
        + String.join("\n", lines.subList(omitted, lines.size()));
  }
}
