package dev.katran;

import dev.katran.internal.failure.Failure;

/**
 * Thrown when libbpf cannot be used: it is missing, older than 1.0 or broken, or the JVM denies
 * native access. The message names the package to install or the flag to pass.
 *
 * @since 0.1.0
 */
public final class LibbpfException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  LibbpfException(Failure failure) {
    super(failure);
  }
}
