package dev.katran.golden;

import static org.junit.jupiter.api.Assumptions.abort;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.katran.needs.Skips;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Finds the golden data in {@code shared/golden} beside the repository. */
final class GoldenFolder {

  private GoldenFolder() {}

  /**
   * Reads the golden hashes and rings. If the file is missing, skips the test, or fails it where
   * skips are failures.
   */
  static JsonNode rings() {
    Path rings = folder().resolve("rings.json");
    if (!Files.exists(rings)) {
      return abort(announced("golden rings: no file " + rings));
    }
    try {
      return new JsonMapper().readTree(rings.toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path folder() {
    Path start = Path.of("").toAbsolutePath();
    for (Path path = start; path != null; path = path.getParent()) {
      if (Files.exists(path.resolve("mvnw"))) {
        return path.resolveSibling("shared").resolve("golden");
      }
    }
    throw new IllegalStateException("no mvnw in or above " + start);
  }

  private static String announced(String reason) {
    Skips.announce(reason);
    return reason;
  }
}
