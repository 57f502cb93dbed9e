package dev.katran.ffm;

import dev.katran.ffm.internal.BundledLibraries;

/**
 * Thrown when libbpf is neither installed on the system nor bundled with the application.
 *
 * @since 0.1.0
 */
public final class LibbpfMissingException extends LibbpfUnavailableException {

  private static final long serialVersionUID = 1L;

  LibbpfMissingException(String library, BundledLibraries bundled) {
    super(
        library
            + " was not found; install libbpf: Debian/Ubuntu `apt-get install libbpf1`,"
            + " Fedora/RHEL `dnf install libbpf`, Alpine `apk add libbpf`; or add to the class path"
            + " dev.katran:katran-ffm with the classifier natives-"
            + bundled.platform()
            + bundled.otherPlatform().map(other -> " (it has natives-" + other + ")").orElse(""));
  }
}
