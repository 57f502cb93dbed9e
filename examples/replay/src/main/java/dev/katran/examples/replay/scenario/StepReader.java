package dev.katran.examples.replay.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.net.InetAddresses;
import dev.katran.Backend;
import dev.katran.Prefix;
import dev.katran.Protocol;
import dev.katran.TunnelEnd;
import dev.katran.VipKey;
import java.io.IOException;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the steps of a scenario, in their order. */
final class StepReader {

  /** A VIP as steps name it that leave its prefix length out. */
  private record Destination(InetAddress address, int port, Protocol protocol) {}

  private final Config config;
  private final List<JsonNode> steps;
  private final ScenarioReader.Tables tables;

  /** How VIPs say that their backends are reached, which holds for tables as well. */
  private final Map<InetAddress, Backend> ofVips = new HashMap<>();

  private final Map<Destination, VipKey> installed = new HashMap<>();

  StepReader(Config config, List<JsonNode> steps, ScenarioReader.Tables tables) {
    this.config = config;
    this.steps = steps;
    this.tables = tables;
    for (int i = 0; i < steps.size(); i++) {
      JsonNode vip = steps.get(i).get("vip");
      if (vip != null) {
        backends(new Fields("step %d (vip)".formatted(i + 1), vip))
            .forEach(backend -> ofVips.putIfAbsent(backend.address(), backend));
      }
    }
  }

  /**
   * Reads a step; those before it must have been read.
   *
   * @throws IllegalArgumentException if it is no step; the message names it by number and kind
   */
  Step read(int index) throws IOException {
    String where = "step " + (index + 1);
    Fields outer = new Fields(where, steps.get(index));
    List<String> names = outer.names();
    if (names.size() != 1) {
      throw new IllegalArgumentException(
          "%s must have one key, its kind, and has %s".formatted(where, names));
    }
    String kind = names.getFirst();
    String named = "%s (%s)".formatted(where, kind);
    JsonNode node = outer.required(kind);
    try {
      return switch (kind) {
        case "packets" -> new Step.Packets(tables.rows(outer.text(kind)));
        case "serverIds" -> serverIds(new Fields(named, node));
        case "vip", "flags", "sourceRoute", "decapsulate", "down", "remove" ->
            read(kind, new Fields(named, node));
        default -> throw new IllegalArgumentException("unknown step " + kind);
      };
    } catch (IllegalArgumentException e) {
      String message = e.getMessage();
      throw message.contains(where)
          ? e
          : new IllegalArgumentException("%s: %s".formatted(named, message), e);
    }
  }

  private Step read(String kind, Fields fields) {
    Step step =
        switch (kind) {
          case "vip" -> install(fields);
          case "flags" -> new Step.AddFlags(installed(fields), flags(fields, "add"));
          case "sourceRoute" ->
              new Step.SourceRoute(
                  prefix(fields.text("prefix")), named(address(fields, "backend")));
          case "decapsulate" ->
              new Step.Decapsulate(
                  address(fields, "address"),
                  Choices.of(TunnelEnd.class, "mode", fields.text("mode")));
          case "down" -> new Step.Down(installed(fields), address(fields, "backend"));
          case "remove" -> new Step.Remove(installed(fields), address(fields, "backend"));
          default -> throw new AssertionError(kind);
        };
    fields.end();
    return step;
  }

  private Step install(Fields fields) {
    VipKey vip = key(fields);
    if (vip.isPrefix()) {
      installed.putIfAbsent(destination(fields), vip);
    } else {
      installed.put(destination(fields), vip);
    }
    return new Step.Install(vip, flags(fields, "flags"), backends(fields));
  }

  private List<Backend> backends(Fields vip) {
    return vip.elements("backends").stream()
        .map(node -> backend(new Fields("a backend of " + vip.where(), node)))
        .toList();
  }

  private Backend backend(Fields fields) {
    Backend backend =
        Backend.of(address(fields, "address"))
            .weight(fields.number("weight", 1))
            .via(ConfigReader.encapsulation(fields).orElse(config.encapsulation()))
            .local(fields.isTrue("local"));
    fields.end();
    return backend;
  }

  /** The backend that a table names, reached as a VIP says, if one has it. */
  private Backend named(InetAddress address) {
    Backend ofVip = ofVips.get(address);
    return ofVip != null ? ofVip : Backend.of(address).via(config.encapsulation());
  }

  private Step serverIds(Fields fields) {
    Map<Integer, Backend> backends = new LinkedHashMap<>();
    for (String id : fields.names()) {
      backends.put(serverId(id), named(address(fields, id)));
    }
    return new Step.ServerIds(backends);
  }

  private static int serverId(String id) {
    try {
      return Integer.parseInt(id);
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("server id " + id + " is not a number below 2^31", e);
    }
  }

  private static Set<Flag> flags(Fields fields, String name) {
    Set<Flag> flags = EnumSet.noneOf(Flag.class);
    fields.texts(name).forEach(flag -> flags.add(Choices.of(Flag.class, "flag", flag)));
    return flags;
  }

  private static Destination destination(Fields fields) {
    return new Destination(
        address(fields, "address"),
        fields.number("port"),
        Choices.of(Protocol.class, "protocol", fields.text("protocol")));
  }

  private static VipKey key(Fields fields) {
    Destination to = destination(fields);
    int length = fields.number("prefixLength", VipKey.ONE_ADDRESS);
    if (length == VipKey.ONE_ADDRESS) {
      return new VipKey(to.address(), to.port(), to.protocol());
    }
    Prefix prefix = Prefix.around(to.address(), length);
    return new VipKey(prefix.address(), prefix.length(), to.port(), to.protocol());
  }

  /** The key of a VIP that a step before has installed; of a prefix, its length may be left out. */
  private VipKey installed(Fields fields) {
    VipKey sameDestination = installed.get(destination(fields));
    if (sameDestination != null && fields.optional("prefixLength").isEmpty()) {
      return sameDestination;
    }
    VipKey key = key(fields);
    if (!installed.containsValue(key)) {
      throw new IllegalArgumentException(key + " is not installed");
    }
    return key;
  }

  private static InetAddress address(Fields fields, String name) {
    String literal = fields.text(name);
    if (!InetAddresses.isInetAddress(literal)) {
      throw new IllegalArgumentException(
          "%s %s is not an IPv4 or IPv6 address".formatted(name, literal));
    }
    return InetAddresses.forString(literal);
  }

  /** A prefix; the bits beyond its length do not matter. */
  private static Prefix prefix(String literal) {
    int slash = literal.indexOf('/');
    if (slash < 0) {
      return Prefix.of(literal);
    }
    Prefix address = Prefix.of(literal.substring(0, slash));
    String length = literal.substring(slash + 1);
    try {
      return Prefix.around(address.address(), Integer.parseInt(length));
    } catch (NumberFormatException e) {
      throw new IllegalArgumentException("prefix %s has no length".formatted(literal), e);
    }
  }
}
