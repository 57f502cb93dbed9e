package dev.katran;

import dev.katran.internal.failure.Failure;

/**
 * Thrown when a change would exceed one of the balancer's {@link Limits}. Nothing was changed.
 *
 * @since 0.1.0
 */
public final class LimitExceededException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  LimitExceededException(Failure failure) {
    super(failure);
  }
}
