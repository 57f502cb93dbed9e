package dev.katran.examples.replay.scenario;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.net.InetAddresses;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Forwarding;
import dev.katran.Prefix;
import dev.katran.Protocol;
import dev.katran.TunnelEndpoint;
import dev.katran.VipKey;
import java.io.IOException;
import java.net.InetAddress;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reads the steps of a scenario in order. */
final class StepReader {

  /** A VIP as steps name it if they omit its prefix length. */
  private record Destination(InetAddress address, int port, Protocol protocol) {}

  private final Config config;
  private final List<JsonNode> steps;
  private final ScenarioReader.Tables tables;

  /** The backends as VIPs configure them, which applies to tables as well. */
  private final Map<BackendKey, Backend> ofVips = new HashMap<>();

  private final Map<Destination, VipKey> installed = new HashMap<>();

  StepReader(Config config, List<JsonNode> steps, ScenarioReader.Tables tables) {
    this.config = config;
    this.steps = steps;
    this.tables = tables;
    for (int i = 0; i < steps.size(); i++) {
      JsonNode vip = steps.get(i).get("vip");
      if (vip != null) {
        backends(new JsonFields("step %d (vip)".formatted(i + 1), vip))
            .forEach(backend -> ofVips.putIfAbsent(backend.key(), backend));
      }
    }
  }

  /**
   * Reads a step. All steps before it must have been read.
   *
   * @throws IllegalArgumentException if the step is invalid; the message gives its number and kind
   */
  Step read(int index) throws IOException {
    String where = "step " + (index + 1);
    JsonFields outer = new JsonFields(where, steps.get(index));
    List<String> names = outer.names();
    if (names.size() != 1) {
      throw new IllegalArgumentException(
          "%s must have exactly one key, its kind, but has %s".formatted(where, names));
    }
    String kind = names.getFirst();
    String named = "%s (%s)".formatted(where, kind);
    JsonNode node = outer.required(kind);
    try {
      return switch (kind) {
        case "packets" -> new Step.Packets(tables.rows(outer.text(kind)));
        case "serverIds" -> serverIds(new JsonFields(named, node));
        case "vip", "flags", "sourceRoute", "decapsulate", "down", "remove" ->
            read(kind, new JsonFields(named, node));
        default -> throw new IllegalArgumentException("unknown step " + kind);
      };
    } catch (IllegalArgumentException e) {
      String message = e.getMessage();
      throw message.contains(where)
          ? e
          : new IllegalArgumentException("%s: %s".formatted(named, message), e);
    }
  }

  private Step read(String kind, JsonFields fields) {
    Step step =
        switch (kind) {
          case "vip" -> install(fields);
          case "flags" -> new Step.AddFlags(installed(fields), flags(fields, "add"));
          case "sourceRoute" ->
              new Step.SourceRoute(
                  prefix(fields.text("prefix")), named(backendKey(fields, "backend")));
          case "decapsulate" ->
              new Step.Decapsulate(
                  address(fields, "address"),
                  EnumNames.of(TunnelEndpoint.class, "mode", fields.text("mode")));
          case "down" -> new Step.Down(installed(fields), backendKey(fields, "backend"));
          case "remove" -> new Step.Remove(installed(fields), backendKey(fields, "backend"));
          default -> throw new AssertionError(kind);
        };
    fields.end();
    return step;
  }

  private Step install(JsonFields fields) {
    VipKey vip = key(fields);
    if (vip.prefix().isPresent()) {
      installed.putIfAbsent(destination(fields), vip);
    } else {
      installed.put(destination(fields), vip);
    }
    return new Step.Install(vip, flags(fields, "flags"), backends(fields));
  }

  private List<Backend> backends(JsonFields vip) {
    Forwarding ofVip = ConfigReader.forwarding(vip).orElse(config.forwarding());
    return vip.elements("backends").stream()
        .map(node -> backend(new JsonFields("a backend of " + vip.where(), node), ofVip))
        .toList();
  }

  private static Backend backend(JsonFields fields, Forwarding ofVip) {
    Backend backend =
        Backend.of(address(fields, "address"))
            .port(fields.number("port", 0))
            .weight(fields.number("weight", 1))
            .local(fields.isTrue("local"));
    Forwarding forwarding = ConfigReader.forwarding(fields).orElse(ofVip);
    fields.end();
    return via(backend, forwarding);
  }

  private static Backend via(Backend backend, Forwarding forwarding) {
    return forwarding.equals(backend.forwarding()) ? backend : backend.via(forwarding);
  }

  /** Returns a backend that a table names, configured as in its VIP if it has one. */
  private Backend named(BackendKey key) {
    Backend ofVip = ofVips.get(key);
    return ofVip != null ? ofVip : via(Backend.of(key), config.forwarding());
  }

  private Step serverIds(JsonFields fields) {
    Map<Integer, Backend> backends = new LinkedHashMap<>();
    for (String id : fields.names()) {
      backends.put(serverId(id), named(backendKey(fields, id)));
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

  private static Set<Flag> flags(JsonFields fields, String name) {
    Set<Flag> flags = EnumSet.noneOf(Flag.class);
    fields.texts(name).forEach(flag -> flags.add(EnumNames.of(Flag.class, "flag", flag)));
    return flags;
  }

  private static Destination destination(JsonFields fields) {
    return new Destination(
        address(fields, "address"),
        fields.number("port"),
        EnumNames.of(Protocol.class, "protocol", fields.text("protocol")));
  }

  private static VipKey key(JsonFields fields) {
    Destination to = destination(fields);
    if (fields.optional("prefixLength").isEmpty()) {
      return VipKey.of(to.protocol(), to.address(), to.port());
    }
    Prefix prefix = Prefix.around(to.address(), fields.number("prefixLength"));
    return VipKey.of(to.protocol(), prefix, to.port());
  }

  /**
   * Returns the key of a VIP that an earlier step installed. Steps may omit the length of its
   * prefix.
   */
  private VipKey installed(JsonFields fields) {
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

  /** Reads the name of a backend: its address, with its port if it has one of its own. */
  private static BackendKey backendKey(JsonFields fields, String name) {
    String text = fields.text(name);
    try {
      return BackendKey.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("%s: %s".formatted(name, e.getMessage()), e);
    }
  }

  private static InetAddress address(JsonFields fields, String name) {
    String literal = fields.text(name);
    if (!InetAddresses.isInetAddress(literal)) {
      throw new IllegalArgumentException(
          "%s %s is not an IPv4 or IPv6 address".formatted(name, literal));
    }
    return InetAddresses.forString(literal);
  }

  /** Parses a prefix. Bits beyond its length are ignored. */
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
      throw new IllegalArgumentException("prefix %s has no valid length".formatted(literal), e);
    }
  }
}
