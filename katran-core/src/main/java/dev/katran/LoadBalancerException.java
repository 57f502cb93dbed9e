package dev.katran;

/** The machine does not let a load balancer do what it was asked to; the message says why. */
public class LoadBalancerException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** One sentence that names what was tried, the value, and what to change. */
  public LoadBalancerException(String message) {
    super(message);
  }

  /** The same, with the failure that it explains. */
  public LoadBalancerException(String message, Throwable cause) {
    super(message, cause);
  }
}
