package dev.katran.fuzz;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.common.net.InetAddresses;
import dev.katran.Encapsulation;
import dev.katran.Protocol;
import dev.katran.VipKey;
import dev.katran.dataplane.BackendEntry;
import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.GueConfig;
import dev.katran.dataplane.VipEntry;
import dev.katran.dataplane.VipFlags;
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
 * What is installed as the steps of a scenario, which a balancer plays: it has backends where VIPs
 * and tables name them, one next hop for all, and a program that is loaded for what there is.
 */
final class ScenarioSteps {

  /** Loaded into every program. */
  private static final int HASH =
      VipFlags.HASH_NO_SOURCE_PORT | VipFlags.HASH_DESTINATION_PORT_ONLY | VipFlags.HASH_BOTH_PORTS;

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
  private final Encapsulation usual;
  private final ArrayNode steps = new JsonMapper().createArrayNode();

  /** The steps that hold, by what they are about. */
  private final Map<Object, ObjectNode> written = new HashMap<>();

  private final Set<String> unexpressed = new LinkedHashSet<>();

  /**
   * No steps yet.
   *
   * @param usual how backends are reached of which nothing else is said
   */
  ScenarioSteps(GueConfig gue, Encapsulation usual) {
    this.gue = gue;
    this.usual = usual;
  }

  /** An encapsulation as scenarios call it. */
  static String name(Encapsulation encapsulation) {
    return encapsulation.equals(Encapsulation.gue()) ? "gue" : "ipip";
  }

  ArrayNode steps() {
    return steps;
  }

  /** What no step says, each in a line. */
  Set<String> unexpressed() {
    return unexpressed;
  }

  /** Feeds the rows of a table. */
  void feed(String table) {
    steps.addObject().put("packets", table);
  }

  /** Brings a balancer that has played the steps so far to what is installed. */
  void catchUpWith(Installation installed) {
    Map<Object, ObjectNode> wanted = new LinkedHashMap<>();
    Set<Integer> backends = new HashSet<>();
    addVips(installed, wanted, backends);
    addTables(installed, wanted, backends);
    addDown(installed, wanted, backends);
    installed.pings().stream()
        .filter(ping ->
            wanted.keySet().stream()
                .noneMatch(key ->
                    key instanceof VipKey vip
                        && vip.address().equals(ping.address())
                        && vip.prefixLength() == ping.prefixLength()))
        .forEach(ping -> unexpressed.add("pings are answered where no VIP is: " + ping));
    for (Object old : Set.copyOf(written.keySet())) {
      if (!wanted.containsKey(old)) {
        written.remove(old);
        unexpressed.add("this is removed: " + old);
      }
    }
    wanted.forEach((about, step) -> {
      if (!step.equals(written.put(about, step))) {
        steps.add(step);
      }
    });
  }

  private void addVips(
      Installation installed, Map<Object, ObjectNode> wanted, Set<Integer> backends) {
    Map<String, VipKey> inOrder = new TreeMap<>();
    installed.vips().keySet().forEach(key -> inOrder.put(key.toString(), key));
    for (VipKey key : inOrder.values()) {
      if (key.isPrefix() && !installed.used().prefixVips()) {
        continue; // the program does not look for it
      }
      VipEntry entry = installed.vips().get(key);
      ObjectNode step = steps.objectNode();
      ObjectNode vip = put(step.putObject("vip"), key);
      int on = entry.flags() & (installed.used().vipFlags() | HASH);
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
    return key.isPrefix() ? node.put("prefixLength", key.prefixLength()) : node;
  }

  private void putFlags(ArrayNode names, VipKey key, int flags) {
    int on = flags;
    if ((on & VipFlags.HASH_DESTINATION_PORT_ONLY) != 0) {
      on &= ~VipFlags.HASH_BOTH_PORTS; // which it implies
    }
    if (key.protocol() == Protocol.TCP) {
      on &= ~(VipFlags.QUIC | VipFlags.UDP_STABLE_ROUTING); // which mean nothing
      if ((on & VipFlags.UDP_FLOW_MIGRATION) != 0) {
        on &= ~VipFlags.UDP_FLOW_MIGRATION;
        unexpressed.add(key + " is not of UDP, and its flows migrate");
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
    unexpressed.add("the ring of %s, which is none that a balancer makes".formatted(key));
    Map<Integer, Integer> equal = new TreeMap<>();
    Arrays.stream(slots.numbers())
        .filter(number -> number != Dataplane.NO_BACKEND)
        .forEach(number -> equal.put(number, 1));
    return equal;
  }

  private ObjectNode putReach(ObjectNode node, int number, Installation installed) {
    InetAddress address = Playground.backendAddress(number);
    node.put("address", InetAddresses.toAddrString(address));
    BackendEntry entry = installed.backends().get(number);
    checkReach(number, installed);
    if (entry != null) {
      node.put("encapsulation", name(encapsulation(entry, installed)));
      if (entry.local()) {
        node.put("local", true);
      }
    }
    return node;
  }

  /** A balancer knows the next hop of all backends, and where from to send to them. */
  private void checkReach(int number, Installation installed) {
    InetAddress address = Playground.backendAddress(number);
    BackendEntry entry = installed.backends().get(number);
    String wrong = null;
    if (entry == null) {
      wrong = "is not there";
    } else if (entry.hop() == null) {
      wrong = "has no next hop yet";
    } else if (!entry.hop().equals(Playground.GATEWAY)) {
      wrong = "has a next hop of its own";
    } else if (encapsulation(entry, installed).equals(Encapsulation.gue())
        && gue.sourceTowards(address) == null) {
      wrong = "takes GUE, and there is no address to send it from";
    }
    if (wrong != null) {
      unexpressed.add("backend %s %s".formatted(InetAddresses.toAddrString(address), wrong));
    }
  }

  /** What the program puts packets in, as far as it is loaded for it. */
  private static Encapsulation encapsulation(BackendEntry entry, Installation installed) {
    return installed.used().gue() ? entry.encapsulation() : Encapsulation.ipip();
  }

  private void addTables(
      Installation installed, Map<Object, ObjectNode> wanted, Set<Integer> backends) {
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
        .tunnelEnds()
        .forEach((address, mode) -> {
          ObjectNode step = steps.objectNode();
          step.putObject("decapsulate")
              .put("address", InetAddresses.toAddrString(address))
              .put("mode", mode == Dataplane.EGRESS ? "EGRESS" : "RECIRCULATE");
          wanted.put("tunnel end " + address, step);
        });
  }

  /** A backend in a table is reached as VIPs say, and as usual if none has it. */
  private String name(int number, Installation installed, Set<Integer> backends) {
    String address = InetAddresses.toAddrString(Playground.backendAddress(number));
    if (backends.add(number)) {
      BackendEntry entry = installed.backends().get(number);
      checkReach(number, installed);
      if (entry != null && (entry.local() || !encapsulation(entry, installed).equals(usual))) {
        unexpressed.add(
            "backend %s, which is in tables only, takes %s%s"
                .formatted(address, entry.encapsulation(), entry.local() ? ", and is local" : ""));
      }
    }
    return address;
  }

  private void addDown(
      Installation installed, Map<Object, ObjectNode> wanted, Set<Integer> backends) {
    installed
        .down()
        .forEach(down ->
            installed
                .vips()
                .forEach((key, entry) -> {
                  // no other has flows that could leave it
                  if (entry.number() == down.vip()
                      && wanted.containsKey(key)
                      && backends.contains(down.backend())) {
                    InetAddress backend = Playground.backendAddress(down.backend());
                    ObjectNode step = steps.objectNode();
                    put(step.putObject("down"), key)
                        .put("backend", InetAddresses.toAddrString(backend));
                    wanted.put("%s down for %s".formatted(backend, key), step);
                  }
                }));
  }
}
