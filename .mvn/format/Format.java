import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.spi.ToolProvider;
import java.util.stream.Stream;

/**
 * Runs google-java-format on every module's sources: {@code Format.java check} or {@code apply}.
 */
class Format {
  public static void main(String[] args) throws IOException {
    boolean check = args[0].equals("check");
    List<String> arguments =
        new ArrayList<>(
            check ? List.of("--dry-run", "--set-exit-if-changed") : List.of("--replace"));
    List<String> sources = sources();
    if (sources.isEmpty()) {
      return;
    }
    arguments.addAll(sources);
    int status =
        ToolProvider.findFirst("google-java-format")
            .orElseThrow()
            .run(System.out, System.err, arguments.toArray(String[]::new));
    if (check && status != 0) {
      System.err.println(
          "Not formatted as above; to format: ./mvnw -q -N validate exec:exec@format");
    }
    System.exit(status);
  }

  private static List<String> sources() throws IOException {
    try (Stream<Path> files = Files.walk(Path.of("."))) {
      return files
          .map(file -> file.normalize().toString().replace('\\', '/'))
          .filter(file -> file.endsWith(".java"))
          .filter(file -> file.startsWith(".mvn/format/") || file.contains("/src/"))
          .filter(file -> !file.contains("/generated/") && !file.contains("/target/"))
          .sorted()
          .toList();
    }
  }
}
