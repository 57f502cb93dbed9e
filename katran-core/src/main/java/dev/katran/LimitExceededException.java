package dev.katran;

/** More VIPs or backends than the balancer was opened for, see {@link Limits}. */
public final class LimitExceededException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  /** One sentence that names the value and what to change. */
  public LimitExceededException(String message) {
    super(message);
  }
}
