package dev.katran.examples.replay;

import static org.junit.jupiter.api.Assumptions.abort;

import java.nio.file.Files;
import java.nio.file.Path;

/** What tests need of the machine: where it is missing they are skipped, or fail if none may be. */
final class Needs {

  private Needs() {}

  static void usable(Dataplane dataplane) {
    dataplane
        .whyUnusable()
        .ifPresent(why -> skip("the %s dataplane: %s".formatted(dataplane, why)));
  }

  /** The folder of golden packets, beside the repository. */
  static Path golden() {
    Path module = Path.of(System.getProperty("basedir", "")).toAbsolutePath();
    Path golden = module.resolve("../../../shared/golden").normalize();
    if (!Files.isDirectory(golden)) {
      skip("golden packets: there is no folder " + golden);
    }
    return golden;
  }

  private static void skip(String reason) {
    if ("1".equals(System.getenv("KATRAN_FORBID_SKIPS"))) {
      throw new AssertionError("must not be skipped: " + reason);
    }
    System.out.println("skipped: " + reason);
    abort(reason);
  }
}
