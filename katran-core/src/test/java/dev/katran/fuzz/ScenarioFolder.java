package dev.katran.fuzz;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.net.InetAddresses;
import dev.katran.Decapsulation;
import dev.katran.Encapsulation;
import dev.katran.Simulation;
import dev.katran.TrafficClass;
import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.GueConfig;
import dev.katran.packets.Hex;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Writes a trial as a folder of golden packets: {@code scenario.json}, and tables of frames with
 * what the dataplane that is right makes of them.
 */
final class ScenarioFolder {

  private final String name;
  private final Trial trial;
  private final Encapsulation usual;
  private final ScenarioSteps steps;
  private final Set<String> unexpressed = new LinkedHashSet<>();
  private final List<List<String>> tables = new ArrayList<>();

  private ScenarioFolder(String name, Trial trial, Encapsulation usual) {
    this.name = name;
    this.trial = trial;
    this.usual = usual;
    this.steps = new ScenarioSteps(trial.config().gue(), usual);
  }

  /**
   * Writes it.
   *
   * @param expected opens a dataplane that is right
   * @return what the folder does not say, each in a line
   */
  static Set<String> write(
      Path folder, String name, Trial trial, Function<DataplaneConfig, Dataplane> expected)
      throws IOException {
    // what backends take that are in tables alone can only be said of all of them
    ScenarioFolder best =
        Stream.of(Encapsulation.ipip(), Encapsulation.gue())
            .map(usual -> play(new ScenarioFolder(name, trial, usual), expected))
            .min(Comparator.comparingInt(scenario -> scenario.unexpressed.size()))
            .orElseThrow();
    best.write(folder);
    return best.unexpressed;
  }

  private static ScenarioFolder play(
      ScenarioFolder scenario, Function<DataplaneConfig, Dataplane> expected) {
    try (Dataplane dataplane = expected.apply(scenario.trial.config())) {
      scenario.play(dataplane);
    }
    scenario.noteUnexpressed(scenario.trial.config());
    scenario.unexpressed.addAll(scenario.steps.unexpressed());
    return scenario;
  }

  private void play(Dataplane expected) {
    Installation installed = new Installation();
    boolean changed = true;
    int frames = 0;
    for (Operation operation : trial.operations()) {
      installed.note(operation);
      Object outcome = operation.applyTo(expected);
      if (operation instanceof Operation.Feed feed && outcome instanceof Simulation simulation) {
        if (changed) {
          steps.catchUpWith(installed);
          tables.add(new ArrayList<>());
          steps.feed(tableName(tables.size()));
          changed = false;
        }
        frames++;
        tables.getLast().add(row(frames, feed.frame(), simulation));
      } else {
        changed = true;
        noteUnexpressed(operation);
      }
    }
    if (changed) {
      steps.catchUpWith(installed);
    }
  }

  private void noteUnexpressed(Operation operation) {
    switch (operation) {
      case Operation.ChangeRing change -> unexpressed.add("a ring remembers: " + change);
      case Operation.RemoveFlow remove -> unexpressed.add("flows are forgotten: " + remove);
      case Operation.RemoveFlows remove -> unexpressed.add("flows are forgotten: " + remove);
      case Operation.ReadCounters read -> unexpressed.add("counters are compared");
      case Operation.ReadFlows read -> unexpressed.add("flow tables are compared");
      default -> {
        // the steps say it, or frames do not show it
      }
    }
  }

  private void noteUnexpressed(DataplaneConfig config) {
    if (config.flowRules().newFlowsPerSecond() != ConfigGenerator.ANY_NUMBER) {
      unexpressed.add("new flows in a second: " + config.flowRules().newFlowsPerSecond());
    }
    if (!config.flowRules().udpIdle().equals(ConfigGenerator.LONG)) {
      unexpressed.add("UDP flows are forgotten after " + config.flowRules().udpIdle());
    }
  }

  private static String tableName(int number) {
    return "frames-" + number + ".tsv";
  }

  private static String row(int number, byte[] frame, Simulation simulation) {
    return String.join(
        "\t",
        String.valueOf(number),
        FrameText.of(frame),
        simulation.verdict().toString(),
        Hex.of(frame),
        Hex.of(simulation.frame()));
  }

  private void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    JsonMapper json = JsonMapper.builder().enable(SerializationFeature.INDENT_OUTPUT).build();
    ObjectNode root = json.createObjectNode().put("name", name);
    root.set("config", config(json.createObjectNode()));
    root.set("steps", steps.steps());
    json.writeValue(folder.resolve("scenario.json").toFile(), root);
    for (int i = 0; i < tables.size(); i++) {
      Files.write(folder.resolve(tableName(i + 1)), tables.get(i));
    }
  }

  private ObjectNode config(ObjectNode node) {
    DataplaneConfig config = trial.config();
    node.put("gatewayMac", Playground.GATEWAY.mac().toString())
        .put("encapsulation", ScenarioSteps.name(usual))
        .put("tracking", "ALWAYS")
        .put("maxVips", config.limits().vips())
        .put("ringSize", config.limits().ringSize())
        .put("maxPacketSize", config.limits().maxPacketSize())
        .put("icmpTooBig", config.answerTooBig())
        .put("inlineDecapsulation", config.decapsulation() != Decapsulation.OFF)
        .put("strictDecapsulation", config.decapsulation() == Decapsulation.STRICT)
        .put("tcpServerIdRouting", config.tcpServerIds());
    if (config.trafficClass() instanceof TrafficClass.Fixed(int value)) {
      node.put("trafficClass", value);
    }
    GueConfig gue = config.gue();
    node.put("guePort", gue.port());
    if (gue.sourceV4() != null) {
      node.put("sourceV4", InetAddresses.toAddrString(gue.sourceV4()));
    }
    if (gue.sourceV6() != null) {
      node.put("sourceV6", InetAddresses.toAddrString(gue.sourceV6()));
    }
    return node;
  }
}
