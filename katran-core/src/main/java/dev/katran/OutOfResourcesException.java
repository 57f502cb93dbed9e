package dev.katran;

import dev.katran.internal.failure.Failure;

/**
 * Thrown when the process or the machine has run out of file descriptors or of memory for the
 * kernel's tables. The message names the limit, and what to raise or to lower.
 *
 * @since 0.1.0
 */
public final class OutOfResourcesException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  OutOfResourcesException(Failure failure) {
    super(failure);
  }
}
