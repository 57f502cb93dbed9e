package dev.katran;

import dev.katran.internal.failure.Failure;

/**
 * Thrown when the network interface is down, so that no packet can arrive.
 *
 * @since 0.1.0
 */
public final class InterfaceDownException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  InterfaceDownException(Failure failure) {
    super(failure);
  }
}
