package dev.katran.ffm;

import java.util.List;

/** A BPF operation failed. For a load, {@link #log()} has what the verifier said. */
public class BpfException extends NativeException {

  private static final long serialVersionUID = 1L;

  /** The verifier says what is wrong at the end; what stands before is how it got there. */
  private static final int LINES_IN_MESSAGE = 60;

  private final String log;

  /**
   * A failure without a log.
   *
   * @param operation what was tried, and on what, such as {@code "update map vips"}
   * @param errno the error number of the failed call, greater than 0
   */
  public BpfException(String operation, int errno) {
    this(operation, errno, "");
  }

  /**
   * A failure and what the kernel or libbpf had to say about it; the message carries the log's last
   * lines.
   *
   * @param operation what was tried, and on what, such as {@code "load program balancer"}
   * @param errno the error number of the failed call, greater than 0
   * @param log the verifier's log or libbpf's explanation; may be empty
   */
  public BpfException(String operation, int errno, String log) {
    super(operation, errno, tail(log));
    this.log = log;
  }

  /** All that the verifier, or else libbpf, said; empty if they said nothing. */
  public String log() {
    return log;
  }

  /** Whether the kernel knows no such operation, or not for this kind of object. */
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
