package dev.katran.ffm;

/** The system has no libbpf. */
public final class LibbpfMissingException extends LibbpfUnavailableException {

  private static final long serialVersionUID = 1L;

  LibbpfMissingException(String library) {
    super(
        library
            + " was not found; install libbpf: Debian/Ubuntu `apt-get install libbpf1`,"
            + " Fedora/RHEL `dnf install libbpf`, Alpine `apk add libbpf`");
  }
}
