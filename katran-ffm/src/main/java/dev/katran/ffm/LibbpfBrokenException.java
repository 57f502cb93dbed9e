package dev.katran.ffm;

/** The system has no libbpf, and the one that came with the application cannot be loaded. */
public final class LibbpfBrokenException extends LibbpfUnavailableException {

  private static final long serialVersionUID = 1L;

  LibbpfBrokenException(Throwable cause) {
    super("the system has no libbpf, and of those on the class path " + cause.getMessage(), cause);
  }
}
