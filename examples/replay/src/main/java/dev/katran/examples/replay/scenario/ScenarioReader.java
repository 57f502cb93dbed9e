package dev.katran.examples.replay.scenario;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Reads {@code scenario.json}; {@link StepReader} reads its steps. */
final class ScenarioReader {

  /** Reads the rows of a table. */
  interface Tables {
    List<Row> rows(String table) throws IOException;
  }

  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private ScenarioReader() {}

  static Scenario read(Path file, Tables tables) throws IOException {
    JsonFields root = new JsonFields(file.getFileName().toString(), parse(file));
    String name = root.text("name");
    Config config = ConfigReader.read(new JsonFields("config", root.required("config")));
    List<JsonNode> nodes = root.elements("steps");
    root.end();
    StepReader reader = new StepReader(config, nodes, tables);
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < nodes.size(); i++) {
      steps.add(reader.read(i));
    }
    return new Scenario(name, config, List.copyOf(steps));
  }

  private static JsonNode parse(Path file) throws IOException {
    try {
      return JSON.readTree(Files.readString(file));
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException(
          "%s, line %d: %s"
              .formatted(file.getFileName(), e.getLocation().getLineNr(), e.getOriginalMessage()),
          e);
    }
  }
}
