package dev.katran.ffm;

/** A call into the operating system failed. Says which operation, and errno's name. */
public class NativeException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String operation;
  private final int errno;

  /**
   * @param operation what was tried, and on what, such as {@code "load program balancer"}
   * @param errno the error number of the failed call, greater than 0
   */
  public NativeException(String operation, int errno) {
    this(operation, errno, "");
  }

  /** The same with more to say, such as the verifier's log; {@code detail} may be empty. */
  protected NativeException(String operation, int errno, String detail) {
    super(operation + ": " + Errno.describe(errno) + (detail.isEmpty() ? "" : "\n" + detail));
    this.operation = operation;
    this.errno = errno;
  }

  /** What was tried, and on what. */
  public String operation() {
    return operation;
  }

  /** The error number of the failed call. */
  public int errno() {
    return errno;
  }

  /** The name of {@link #errno()} as in C, such as {@code "EPERM"}. */
  public String errnoName() {
    return Errno.name(errno);
  }
}
