package dev.katran.ffm;

/**
 * Thrown when the system has no libbpf and the bundled one cannot be loaded.
 *
 * @since 0.1.0
 */
public final class LibbpfBrokenException extends LibbpfUnavailableException {

  private static final long serialVersionUID = 1L;

  LibbpfBrokenException(Throwable cause) {
    super(
        "libbpf is not installed, and the bundled libraries failed: " + cause.getMessage(), cause);
  }
}
