package dev.katran.golden;

import static org.junit.jupiter.api.Assumptions.abort;

import dev.katran.needs.Skips;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** Where the golden packets are: in {@code shared/golden} beside the repository. */
final class GoldenFolder {

  private GoldenFolder() {}

  /** All scenarios, by name; skips the test if there are none, or fails it if it must not. */
  static List<Scenario> scenarios() {
    Path golden = repository().resolveSibling("shared").resolve("golden");
    if (!Files.isDirectory(golden)) {
      String reason = "golden packets: no folder " + golden;
      Skips.announce(reason);
      return abort(reason);
    }
    try (Stream<Path> folders = Files.list(golden)) {
      return folders
          .filter(folder -> Files.exists(folder.resolve("scenario.json")))
          .sorted()
          .map(GoldenFolder::read)
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Scenario read(Path folder) {
    try {
      return Scenario.read(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path repository() {
    Path start = Path.of("").toAbsolutePath();
    for (Path path = start; path != null; path = path.getParent()) {
      if (Files.exists(path.resolve("mvnw"))) {
        return path;
      }
    }
    throw new IllegalStateException("no mvnw in or above " + start);
  }
}
