package dev.katran;

/** This is not Linux, or a kernel that has not all that the program needs: it is named. */
public final class UnsupportedKernelException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  /** One sentence that names the value and what to change. */
  public UnsupportedKernelException(String message) {
    super(message);
  }

  /** One sentence that names the value and what to change, and what the kernel said. */
  public UnsupportedKernelException(String message, Throwable cause) {
    super(message, cause);
  }
}
