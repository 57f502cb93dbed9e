package dev.katran.ffm;

/**
 * Thrown when the system's libbpf is older than 1.0.
 *
 * @since 0.1.0
 */
public final class LibbpfTooOldException extends LibbpfUnavailableException {

  private static final long serialVersionUID = 1L;

  LibbpfTooOldException(String found) {
    super("libbpf 1.0 or later is needed, this system has " + found);
  }
}
