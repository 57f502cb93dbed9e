package dev.katran.needs;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Reports skipped tests, or fails where skips are forbidden. */
public final class Skips {

  private static final Set<String> REPORTED = ConcurrentHashMap.newKeySet();

  private Skips() {}

  /**
   * Prints that tests are skipped, once per reason.
   *
   * @throws AssertionError if skips are forbidden by {@code KATRAN_FORBID_SKIPS=1} in the
   *     environment or by the system property {@code katran.forbidSkips}
   */
  public static void announce(String reason) {
    boolean forbidden =
        "1".equals(System.getenv("KATRAN_FORBID_SKIPS"))
            || Boolean.getBoolean("katran.forbidSkips");
    if (forbidden) {
      throw new AssertionError("skipping is forbidden: " + reason);
    }
    if (REPORTED.add(reason)) {
      System.out.println("skipped: " + reason);
    }
  }
}
