package dev.katran.ffm;

/**
 * Thrown when a system or library call fails. The message names the operation, the object and
 * errno.
 *
 * @since 0.1.0
 */
public class NativeException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final String operation;
  private final int errno;

  /**
   * Creates an exception without a detail.
   *
   * @param operation the operation and its object, such as {@code "load program balancer"}
   * @param errno the error number of the failed call, greater than 0
   */
  public NativeException(String operation, int errno) {
    this(operation, errno, "");
  }

  /** Creates an exception with a detail, such as the verifier's log, which may be empty. */
  protected NativeException(String operation, int errno, String detail) {
    super(operation + ": " + Errno.describe(errno) + (detail.isEmpty() ? "" : "\n" + detail));
    this.operation = operation;
    this.errno = errno;
  }

  /** Returns the operation and its object, such as {@code "load program balancer"}. */
  public String operation() {
    return operation;
  }

  /** Returns the error number of the failed call. */
  public int errno() {
    return errno;
  }

  /** Returns the name of {@link #errno()} as in C, such as {@code "EPERM"}. */
  public String errnoName() {
    return Errno.name(errno);
  }
}
