package dev.katran;

/** There is no network interface of that name in this network namespace. */
public final class UnknownInterfaceException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  /** One sentence that names the value and what to change. */
  public UnknownInterfaceException(String message) {
    super(message);
  }
}
