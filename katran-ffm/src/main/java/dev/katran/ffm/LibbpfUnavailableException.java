package dev.katran.ffm;

/** BPF cannot be used from this JVM; the message says what to do about it. */
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
