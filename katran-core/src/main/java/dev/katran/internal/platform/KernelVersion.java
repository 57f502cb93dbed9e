package dev.katran.internal.platform;

import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The version of a Linux kernel, without the patch level.
 *
 * @param major the major version, such as 6 in 6.1.0-18-amd64
 * @param minor the minor version, such as 1 in 6.1.0-18-amd64
 */
record KernelVersion(int major, int minor) implements Comparable<KernelVersion> {

  private static final Pattern RELEASE = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(?!\\d).*");
  private static final Comparator<KernelVersion> ORDER =
      Comparator.comparingInt(KernelVersion::major).thenComparingInt(KernelVersion::minor);

  /** Parses the version of a release as printed by {@code uname -r}; empty if it has none. */
  static Optional<KernelVersion> of(String release) {
    Matcher matcher = RELEASE.matcher(release);
    return matcher.matches()
        ? Optional.of(
            new KernelVersion(
                Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2))))
        : Optional.empty();
  }

  boolean isOlderThan(KernelVersion other) {
    return compareTo(other) < 0;
  }

  @Override
  public int compareTo(KernelVersion other) {
    return ORDER.compare(this, other);
  }

  @Override
  public String toString() {
    return major + "." + minor;
  }
}
