package dev.katran.ffm.net;

import dev.katran.ffm.NativeException;

/**
 * Thrown when an operation on interfaces, routes, neighbours or namespaces fails. The message
 * includes the missing capability, if known, and the kernel's explanation, if there is one.
 *
 * @since 0.1.0
 */
public final class NetworkException extends NativeException {

  private static final long serialVersionUID = 1L;

  private final String detail;

  /**
   * Creates an exception.
   *
   * @param operation the operation and its object, such as {@code "move interface 4"}
   * @param errno the error number of the failed call, greater than 0
   * @param detail an explanation, or an empty string
   */
  public NetworkException(String operation, int errno, String detail) {
    super(operation, errno, detail);
    this.detail = detail;
  }

  /** Returns the explanation in the message; empty if there is none. */
  public String detail() {
    return detail;
  }
}
