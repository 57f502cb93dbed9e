package dev.katran.fuzz;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.net.InetAddresses;
import dev.katran.BackendKey;
import dev.katran.Forwarding;
import dev.katran.Protocol;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.dataplane.TunnelAction;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipFlags;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Translates the installed state of a dataplane into the steps of a scenario. A scenario drives a
 * load balancer, which is less flexible than a dataplane: its backends exist only in VIPs and
 * tables, they share one next hop, and the loaded features follow from the configuration. State
 * that no step can express is recorded as unsupported.
 */
final class ScenarioSteps {

  private static final Map<Integer, String> FLAG_NAMES =
      new TreeMap<>(
          Map.of(
              VipFlags.HASH_NO_SOURCE_PORT, "HASH_NO_SRC_PORT",
              VipFlags.HASH_DESTINATION_PORT_ONLY, "HASH_DST_PORT_ONLY",
              VipFlags.HASH_BOTH_PORTS, "HASH_SRC_DST_PORT",
              VipFlags.LOCAL, "LOCAL",
              VipFlags.QUIC, "QUIC",
              VipFlags.UDP_STABLE_ROUTING, "UDP_STABLE_ROUTING",
              VipFlags.UDP_FLOW_MIGRATION, "UDP_FLOW_MIGRATION",
              VipFlags.SOURCE_ROUTING, "SOURCE_ROUTING"));

  private final GueConfig gue;
  private final Forwarding defaultForwarding;
  private final ArrayNode steps = new JsonMapper().createArrayNode();

  /** The steps in effect, by the VIP or table entry they configure. */
  private final Map<Object, ObjectNode> written = new HashMap<>();

  private final Set<String> unsupported = new LinkedHashSet<>();

  /**
   * Creates an empty list of steps.
   *
   * @param defaultForwarding how backends are reached that no VIP configures
   */
  ScenarioSteps(GueConfig gue, Forwarding defaultForwarding) {
    this.gue = gue;
    this.defaultForwarding = defaultForwarding;
  }

  /** Returns the name of a way to reach backends in scenario files. */
  static String name(Forwarding forwarding) {
    return forwarding.toString().toLowerCase(Locale.ROOT);
  }

  ArrayNode steps() {
    return steps;
  }

  /** Returns descriptions of the state that no step can express. */
  Set<String> unsupported() {
    return unsupported;
  }

  /** Adds a step that runs the frames of a table. */
  void runFrames(String table) {
    steps.addObject().put("packets", table);
  }

  /** Adds the steps that bring a balancer from the steps so far to the installed state. */
  void update(InstalledState installed) {
    Map<Object, ObjectNode> wanted = new LinkedHashMap<>();
    Set<Integer> backends = new HashSet<>();
    addVips(installed, wanted, backends);
    addTables(installed, wanted, backends);
    addDown(installed, wanted, backends);
    installed.pings().stream()
        .filter(ping ->
            wanted.keySet().stream()
                .noneMatch(key -> key instanceof VipKey vip && Destination.of(vip).equals(ping)))
        .forEach(
            ping -> unsupported.add("pings are answered for an address without a VIP: " + ping));
    for (Object old : Set.copyOf(written.keySet())) {
      if (!wanted.containsKey(old)) {
        written.remove(old);
        unsupported.add("removed: " + old);
      }
    }
    wanted.forEach((subject, step) -> {
      if (!step.equals(written.put(subject, step))) {
        steps.add(step);
      }
    });
  }

  private void addVips(
      InstalledState installed, Map<Object, ObjectNode> wanted, Set<Integer> backends) {
    Map<String, VipKey> inOrder = new TreeMap<>();
    installed.vips().keySet().forEach(key -> inOrder.put(key.toString(), key));
    for (VipKey key : inOrder.values()) {
      if (key.prefix().isPresent() && !installed.used().prefixVips()) {
        continue; // the loaded program does not look it up
      }
      VipEntry entry = installed.vips().get(key);
      ObjectNode step = steps.objectNode();
      ObjectNode vip = put(step.putObject("vip"), key);
      int on = entry.flags() & (installed.used().vipFlags() | VipFlags.HASH);
      putFlags(vip.putArray("flags"), key, on);
      ArrayNode list = vip.putArray("backends");
      weights(key, installed.rings().get(entry.number()))
          .forEach((number, weight) -> {
            backends.add(number);
            putReach(list.addObject(), number, installed).put("weight", weight);
          });
      wanted.put(key, step);
    }
  }

  private static ObjectNode put(ObjectNode node, VipKey key) {
    node.put("address", InetAddresses.toAddrString(key.address()))
        .put("port", key.port())
        .put("protocol", key.protocol().toString().toLowerCase(Locale.ROOT));
    key.prefix().ifPresent(prefix -> node.put("prefixLength", prefix.length()));
    return node;
  }

  private void putFlags(ArrayNode names, VipKey key, int flags) {
    int on = flags;
    if ((on & VipFlags.HASH_DESTINATION_PORT_ONLY) != 0) {
      on &= ~VipFlags.HASH_BOTH_PORTS; // overridden
    }
    if (key.protocol() == Protocol.TCP) {
      on &= ~(VipFlags.QUIC | VipFlags.UDP_STABLE_ROUTING); // ignored for TCP
      if ((on & VipFlags.UDP_FLOW_MIGRATION) != 0) {
        on &= ~VipFlags.UDP_FLOW_MIGRATION;
        unsupported.add("flow migration for a TCP VIP: " + key);
      }
    }
    for (Map.Entry<Integer, String> flag : FLAG_NAMES.entrySet()) {
      if ((on & flag.getKey()) != 0) {
        names.add(flag.getValue());
      }
    }
    if ((on & VipFlags.TRACKED) == 0) {
      names.add("LRU_BYPASS");
    }
  }

  private Map<Integer, Integer> weights(VipKey key, @Nullable Slots slots) {
    if (slots == null) {
      return Map.of();
    }
    if (slots.isMaglev()) {
      return slots.weights();
    }
    unsupported.add("the ring of %s cannot be built from weights".formatted(key));
    Map<Integer, Integer> equal = new TreeMap<>();
    Arrays.stream(slots.numbers())
        .filter(number -> number != Dataplane.NO_BACKEND)
        .forEach(number -> equal.put(number, 1));
    return equal;
  }

  private ObjectNode putReach(ObjectNode node, int number, InstalledState installed) {
    InetAddress address = Universe.backendAddress(number);
    node.put("address", InetAddresses.toAddrString(address));
    BackendEntry entry = installed.backends().get(number);
    checkReach(number, installed);
    if (entry != null) {
      if (entry.port() != 0) {
        node.put("port", entry.port());
      }
      node.put("forwarding", name(forwarding(entry, installed)));
      if (entry.local()) {
        node.put("local", true);
      }
    }
    return node;
  }

  /** Records why a balancer cannot have such a backend, if it cannot. */
  private void checkReach(int number, InstalledState installed) {
    InetAddress address = Universe.backendAddress(number);
    BackendEntry entry = installed.backends().get(number);
    String wrong = null;
    if (entry == null) {
      wrong = "is not installed";
    } else if (entry.hop() == null) {
      wrong = "has no next hop";
    } else if (!entry.hop().equals(Universe.GATEWAY)) {
      wrong = "has a next hop other than the gateway";
    } else if (forwarding(entry, installed).equals(Forwarding.gue())
        && gue.sourceTowards(address) == null) {
      wrong = "uses GUE, but no source address of its family is configured";
    }
    if (wrong != null) {
      unsupported.add("backend %s %s".formatted(InetAddresses.toAddrString(address), wrong));
    }
  }

  /** Returns how the program, as loaded, reaches a backend. */
  private static Forwarding forwarding(BackendEntry entry, InstalledState installed) {
    Features used = installed.used();
    boolean isLoaded =
        switch (entry.forwarding()) {
          case Forwarding.Ipip ipip -> true;
          case Forwarding.Gue gue -> used.gue();
          case Forwarding.Rewrite rewrite -> used.rewrites();
          case Forwarding.Direct direct -> used.directs();
        };
    return isLoaded ? entry.forwarding() : Forwarding.ipip();
  }

  private void addTables(
      InstalledState installed, Map<Object, ObjectNode> wanted, Set<Integer> backends) {
    new TreeMap<>(installed.serverIds())
        .forEach((id, number) -> {
          ObjectNode step = steps.objectNode();
          step.putObject("serverIds").put(id.toString(), name(number, installed, backends));
          wanted.put("server id " + id, step);
        });
    installed
        .sourceRoutes()
        .forEach((prefix, number) -> {
          ObjectNode step = steps.objectNode();
          step.putObject("sourceRoute")
              .put("prefix", prefix.toString())
              .put("backend", name(number, installed, backends));
          wanted.put("source route " + prefix, step);
        });
    installed
        .tunnelEndpoints()
        .forEach((address, mode) -> {
          ObjectNode step = steps.objectNode();
          step.putObject("decapsulate")
              .put("address", InetAddresses.toAddrString(address))
              .put("mode", mode == TunnelAction.EGRESS ? "EGRESS" : "RECIRCULATE");
          wanted.put("tunnel endpoint " + address, step);
        });
  }

  /** Returns the name of a backend in a table and checks that the balancer can reach it. */
  private String name(int number, InstalledState installed, Set<Integer> backends) {
    BackendEntry entry = installed.backends().get(number);
    String address =
        BackendKey.of(Universe.backendAddress(number), entry == null ? 0 : entry.port()).toString();
    if (backends.add(number)) {
      checkReach(number, installed);
      if (entry != null
          && (entry.local() || !forwarding(entry, installed).equals(defaultForwarding))) {
        unsupported.add(
            "backend %s is in no VIP, but uses %s%s"
                .formatted(address, entry.forwarding(), entry.local() ? " and is local" : ""));
      }
    }
    return address;
  }

  private void addDown(
      InstalledState installed, Map<Object, ObjectNode> wanted, Set<Integer> backends) {
    installed
        .down()
        .forEach(down ->
            installed
                .vips()
                .forEach((key, entry) -> {
                  // only a VIP with this number and backend can have flows to migrate
                  if (entry.number() == down.vip()
                      && wanted.containsKey(key)
                      && backends.contains(down.backend())) {
                    String backend = name(down.backend(), installed, backends);
                    ObjectNode step = steps.objectNode();
                    put(step.putObject("down"), key).put("backend", backend);
                    wanted.put("%s down for %s".formatted(backend, key), step);
                  }
                }));
  }
}
