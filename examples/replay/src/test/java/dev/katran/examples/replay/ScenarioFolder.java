package dev.katran.examples.replay;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Writes scenarios. */
public final class ScenarioFolder {

  /** The smallest valid configuration. */
  public static final String CONFIG = "\"gatewayMac\": \"00:00:de:ad:be:af\"";

  /** A VIP without backends, whose packets are dropped. */
  public static final String EMPTY_VIP =
      "{\"vip\": {\"address\": \"203.0.113.10\", \"port\": 443, \"protocol\": \"tcp\"}}";

  /** Runs {@code rows.tsv}. */
  public static final String PACKETS = "{\"packets\": \"rows.tsv\"}";

  private ScenarioFolder() {}

  /** Writes {@code scenario.json} and returns its path. */
  public static Path scenario(Path folder, String config, String... steps) throws IOException {
    return Files.writeString(
        folder.resolve("scenario.json"),
        "{\"name\": \"small\", \"config\": {%s}, \"steps\": [%s]}"
            .formatted(config, String.join(",", steps)));
  }

  /** Writes {@code rows.tsv}. */
  public static void rows(Path folder, String... rows) throws IOException {
    Files.writeString(
        folder.resolve("rows.tsv"),
        "#id\tdescription\tverdict\tinput\toutput\n" + String.join("\n", List.of(rows)) + "\n");
  }

  /** Returns a row of a table. */
  public static String row(String id, String verdict, String input, String output) {
    return String.join("\t", id, "description of row #" + id, verdict, input, output);
  }
}
