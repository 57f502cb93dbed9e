package dev.katran.ffm;

/**
 * Thrown when libbpf cannot be used from this JVM. The message names the remedy.
 *
 * @since 0.1.0
 */
public abstract sealed class LibbpfUnavailableException extends RuntimeException
    permits LibbpfBrokenException,
        LibbpfMissingException,
        LibbpfTooOldException,
        NativeAccessDeniedException {

  private static final long serialVersionUID = 1L;

  LibbpfUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }

  LibbpfUnavailableException(String message) {
    super(message);
  }
}
