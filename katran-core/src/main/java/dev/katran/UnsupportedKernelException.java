package dev.katran;

/** This is not Linux, or a kernel older than what the program needs. */
public final class UnsupportedKernelException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  /** One sentence that names the value and what to change. */
  public UnsupportedKernelException(String message) {
    super(message);
  }
}
