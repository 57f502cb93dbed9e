package dev.katran.examples.replay;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The requirements of tests. Tests whose requirements are missing are skipped, or fail if skips are
 * forbidden.
 */
final class Requirements {

  private Requirements() {}

  static void available(Dataplane dataplane) {
    dataplane
        .unavailabilityCause()
        .ifPresent(cause -> skip("the %s dataplane: %s".formatted(dataplane, cause)));
  }

  /** Returns the folder of golden packets, next to the repository. */
  static Path golden() {
    Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    Path golden = module.resolve("../../../shared/golden").normalize();
    if (!Files.isDirectory(golden)) {
      skip("golden packets: no folder " + golden);
    }
    return golden;
  }

  private static void skip(String reason) {
    if ("1".equals(System.getenv("KATRAN_FORBID_SKIPS"))) {
      throw new AssertionError("tests must not be skipped: " + reason);
    }
    System.out.println("skipped: " + reason);
    abort(reason);
  }
}
