package dev.katran;

/** Another XDP program is attached to the interface; it is never replaced. */
public final class XdpHookBusyException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  /** One sentence that names the value and what to change. */
  public XdpHookBusyException(String message, Throwable cause) {
    super(message, cause);
  }
}
