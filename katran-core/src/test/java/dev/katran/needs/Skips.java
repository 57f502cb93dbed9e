package dev.katran.needs;

import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Says what is skipped and why, or refuses to. */
public final class Skips {

  private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

  private Skips() {}

  /**
   * Says, once for each reason, that tests are skipped.
   *
   * @throws AssertionError if nothing may be skipped: with {@code KATRAN_FORBID_SKIPS=1} in the
   *     environment or the system property {@code katran.forbidSkips}
   */
  public static void announce(String reason) {
    boolean forbidden =
        "1".equals(System.getenv("KATRAN_FORBID_SKIPS"))
            || Boolean.getBoolean("katran.forbidSkips");
    if (forbidden) {
      throw new AssertionError("must not be skipped: " + reason);
    }
    if (SAID.add(reason)) {
      System.out.println("skipped: " + reason);
    }
  }
}
