package dev.katran;

/** The process lacks a capability that loading or attaching a program needs. */
public final class MissingCapabilityException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  /** One sentence that names the value and what to change. */
  public MissingCapabilityException(String message) {
    super(message);
  }
}
