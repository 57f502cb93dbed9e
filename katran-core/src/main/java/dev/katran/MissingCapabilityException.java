package dev.katran;

import dev.katran.internal.failure.Failure;

/**
 * Thrown when the process lacks a capability that loading or attaching a program needs, or has it
 * but may not use it. The message names the capability or the restriction.
 *
 * @since 0.1.0
 */
public final class MissingCapabilityException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  MissingCapabilityException(Failure failure) {
    super(failure);
  }
}
