package dev.katran;

import dev.katran.internal.failure.Failure;

/**
 * Thrown when the operating system is not Linux or the kernel lacks a required feature. The message
 * names the feature.
 *
 * @since 0.1.0
 */
public final class UnsupportedKernelException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  UnsupportedKernelException(Failure failure) {
    super(failure);
  }
}
