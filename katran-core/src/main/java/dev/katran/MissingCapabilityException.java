package dev.katran;

/**
 * The process lacks a capability that loading or attaching a program needs, or has it and is
 * forbidden to use it.
 */
public final class MissingCapabilityException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  /** One sentence that names the value and what to change. */
  public MissingCapabilityException(String message) {
    super(message);
  }

  /** The same, with the kernel's refusal that it explains. */
  public MissingCapabilityException(String message, Throwable cause) {
    super(message, cause);
  }
}
