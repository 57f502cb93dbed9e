package dev.katran;

import dev.katran.internal.failure.Failure;

/**
 * Thrown when another XDP program is attached to the interface, or is in the element of {@link
 * LoadBalancerBuilder#tailCallFrom}. The balancer never replaces it.
 *
 * @since 0.1.0
 */
public final class XdpHookBusyException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  XdpHookBusyException(Failure failure) {
    super(failure);
  }
}
