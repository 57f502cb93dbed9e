package dev.katran.ffm.net;

import dev.katran.ffm.NativeException;

/**
 * The kernel refused something about interfaces, routes, neighbours or namespaces. Says what is
 * missing where that is known, and the kernel's own explanation where it gives one.
 */
public final class NetworkException extends NativeException {

  private static final long serialVersionUID = 1L;

  /**
   * @param operation what was tried, and on what, such as {@code "move interface 4"}
   * @param errno the error number of the failed call, greater than 0
   * @param detail more to say, or empty
   */
  public NetworkException(String operation, int errno, String detail) {
    super(operation, errno, detail);
  }
}
