package dev.katran;

/** The network interface is down, so that no packet can arrive. */
public final class InterfaceDownException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  /** One sentence that names the value and what to change. */
  public InterfaceDownException(String message) {
    super(message);
  }
}
