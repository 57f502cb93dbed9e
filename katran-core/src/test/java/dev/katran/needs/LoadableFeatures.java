package dev.katran.needs;

import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.VipFlags;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The features that the running kernel's verifier accepts all at once. */
public final class LoadableFeatures {

  private static final Pattern VERSION = Pattern.compile("([0-9]+)\\.([0-9]+).*");

  private static final int WALKS =
      VipFlags.IP_OPTIONS | VipFlags.FRAGMENTS | VipFlags.FRAGMENTS_BY_ADDRESS;

  private LoadableFeatures() {}

  /**
   * Returns all features. Before Linux 6.4, headers cannot be walked in addition to everything
   * else: its verifier keeps track of every constant, and gives up after a million instructions.
   */
  public static Features all() {
    Features all = Features.ALL;
    return isBefore(6, 4)
        ? new Features(
            all.vipFlags() & ~WALKS,
            all.gue(),
            all.prefixVips(),
            all.changes(),
            all.rewrites(),
            all.directs())
        : all;
  }

  private static boolean isBefore(int major, int minor) {
    Matcher version = VERSION.matcher(System.getProperty("os.version"));
    if (!version.matches()) {
      return false;
    }
    int actual = Integer.parseInt(version.group(1));
    return actual < major || (actual == major && Integer.parseInt(version.group(2)) < minor);
  }
}
