package dev.katran.fuzz;

import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.net.InetAddresses;
import dev.katran.Decapsulation;
import dev.katran.Forwarding;
import dev.katran.Simulation;
import dev.katran.TrafficClass;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.dataplane.IpipSources;
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
 * Writes a test case in the format of the golden packets: {@code scenario.json}, and tables of
 * frames with the verdict and the frame that the reference dataplane returns for each.
 */
final class ScenarioFolder {

  private final String name;
  private final TestCase testCase;
  private final Forwarding defaultForwarding;
  private final ScenarioSteps steps;
  private final Set<String> unsupported = new LinkedHashSet<>();
  private final List<List<String>> tables = new ArrayList<>();

  private ScenarioFolder(String name, TestCase testCase, Forwarding defaultForwarding) {
    this.name = name;
    this.testCase = testCase;
    this.defaultForwarding = defaultForwarding;
    this.steps = new ScenarioSteps(testCase.config().gue(), defaultForwarding);
  }

  /**
   * Writes the folder of a test case.
   *
   * @param expected opens the reference dataplane
   * @return descriptions of the parts of the test case that a scenario cannot express
   */
  static Set<String> write(
      Path folder, String name, TestCase testCase, Function<DataplaneConfig, Dataplane> expected)
      throws IOException {
    // How backends are reached that are in no VIP can only be set for all of them at once.
    ScenarioFolder best =
        Stream.of(Forwarding.ipip(), Forwarding.gue(), Forwarding.rewrite(), Forwarding.direct())
            .map(each -> replay(new ScenarioFolder(name, testCase, each), expected))
            .min(Comparator.comparingInt(scenario -> scenario.unsupported.size()))
            .orElseThrow();
    best.write(folder);
    return best.unsupported;
  }

  private static ScenarioFolder replay(
      ScenarioFolder scenario, Function<DataplaneConfig, Dataplane> expected) {
    try (Dataplane dataplane = expected.apply(scenario.testCase.config())) {
      scenario.replay(dataplane);
    }
    scenario.recordUnsupported(scenario.testCase.config());
    scenario.unsupported.addAll(scenario.steps.unsupported());
    return scenario;
  }

  private void replay(Dataplane expected) {
    InstalledState installed = new InstalledState();
    boolean changed = true;
    int frames = 0;
    for (Operation operation : testCase.operations()) {
      installed.apply(operation);
      Object outcome = operation.applyTo(expected);
      if (operation instanceof Operation.RunFrame run && outcome instanceof Simulation simulation) {
        if (changed) {
          steps.update(installed);
          tables.add(new ArrayList<>());
          steps.runFrames(tableName(tables.size()));
          changed = false;
        }
        frames++;
        tables.getLast().add(row(frames, run.frame(), simulation));
      } else {
        changed = true;
        recordUnsupported(operation);
      }
    }
    if (changed) {
      steps.update(installed);
    }
  }

  private void recordUnsupported(Operation operation) {
    switch (operation) {
      case Operation.ChangeRing change -> unsupported.add("a ring is changing: " + change);
      case Operation.RemoveFlow remove -> unsupported.add("flows are removed: " + remove);
      case Operation.RemoveFlows remove -> unsupported.add("flows are removed: " + remove);
      case Operation.ReadCounters read -> unsupported.add("counters are compared");
      case Operation.ReadFlows read -> unsupported.add("flow tables are compared");
      default -> {
        // expressed by the steps, or without effect on frames
      }
    }
  }

  private void recordUnsupported(DataplaneConfig config) {
    if (config.flowRules().newFlowsPerSecond() != ConfigGenerator.UNLIMITED) {
      unsupported.add("limit of new flows per second: " + config.flowRules().newFlowsPerSecond());
    }
    if (config.answersPerSecond() != ConfigGenerator.UNLIMITED) {
      unsupported.add("limit of answers per second: " + config.answersPerSecond());
    }
    if (!config.tunnelSources().isEmpty()) {
      unsupported.add("tunnel sources: " + config.tunnelSources());
    }
    if (config.innerVipsOnly()) {
      unsupported.add("only packets for VIPs in tunnels");
    }
    if (config.own() != null) {
      unsupported.add("own MAC address: " + config.own());
    }
    if (config.copyDontFragment()) {
      unsupported.add("copied DF flag");
    }
    if (!config.ipipSources().equals(IpipSources.DEFAULT)) {
      unsupported.add("outer source prefixes: " + config.ipipSources());
    }
    if (config.gue().dynamicSourcePorts()) {
      unsupported.add("dynamic source ports");
    }
    if (!config.flowRules().udpIdle().equals(ConfigGenerator.LONG)) {
      unsupported.add("UDP idle timeout: " + config.flowRules().udpIdle());
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
    DataplaneConfig config = testCase.config();
    node.put("gatewayMac", Universe.GATEWAY.mac().toString())
        .put("forwarding", ScenarioSteps.name(defaultForwarding))
        .put("tracking", "ALWAYS")
        .put("maxVips", config.limits().vips())
        .put("ringSize", config.limits().ringSize())
        .put("maxPacketSize", config.limits().maxPacketSize())
        .put("icmpTooBig", config.sendPacketTooBig())
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
