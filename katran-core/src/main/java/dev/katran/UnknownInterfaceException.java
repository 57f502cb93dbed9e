package dev.katran;

import dev.katran.internal.failure.Failure;

/**
 * Thrown when the network interface does not exist in the calling thread's network namespace.
 *
 * @since 0.1.0
 */
public final class UnknownInterfaceException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  UnknownInterfaceException(Failure failure) {
    super(failure);
  }
}
