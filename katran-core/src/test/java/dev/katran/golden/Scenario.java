package dev.katran.golden;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.google.common.net.InetAddresses;
import dev.katran.Backend;
import dev.katran.Encapsulation;
import dev.katran.Hashing;
import dev.katran.Limits;
import dev.katran.LoadBalancerBuilder;
import dev.katran.NextHop;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * A folder of golden packets, as {@code scenario.json} and its tables say it.
 *
 * @param needs what every row of it needs
 */
record Scenario(
    String name,
    Limits limits,
    String gatewayMac,
    Optional<Gue> gue,
    Set<Feature> needs,
    List<Step> steps) {

  /** What is sent in GUE has these outer headers. */
  record Gue(int port, String sourceV4, String sourceV6) {}

  /** What is done next. */
  sealed interface Step {

    /** Install a VIP. */
    record Install(InstalledVip vip) implements Step {}

    /** Give an installed VIP more flags. */
    record AddFlags(VipKey vip, Set<String> flags) implements Step {}

    /** Take a backend out of the ring of a VIP. */
    record Remove(VipKey vip, InetAddress backend) implements Step {}

    /** Something that only matters to rows which need a feature anyway. */
    record OfFeature(String name) implements Step {}

    /** Feed frames. */
    record Packets(List<Row> rows) implements Step {}
  }

  /** A VIP as the scenario has it, with all its flags. */
  record InstalledVip(VipKey key, int prefixLength, Set<String> flags, List<Backend> backends) {

    static final int ONE_ADDRESS = -1;

    InstalledVip withFlags(Set<String> more) {
      Set<String> all = new TreeSet<>(flags);
      all.addAll(more);
      return new InstalledVip(key, prefixLength, all, backends);
    }

    InstalledVip without(InetAddress backend) {
      List<Backend> rest =
          backends.stream().filter(each -> !each.address().equals(backend)).toList();
      return new InstalledVip(key, prefixLength, flags, rest);
    }

    Set<Feature> needs() {
      Set<Feature> needs = EnumSet.noneOf(Feature.class);
      flags.forEach(flag -> Feature.ofFlag(flag).ifPresent(needs::add));
      if (prefixLength != ONE_ADDRESS) {
        needs.add(Feature.CIDR);
      }
      return needs;
    }

    /** Whether packets to the address may be for this VIP. */
    boolean covers(InetAddress address) {
      byte[] mine = key.address().getAddress();
      byte[] other = address.getAddress();
      if (mine.length != other.length) {
        return false;
      }
      int bits = prefixLength == ONE_ADDRESS ? 8 * mine.length : prefixLength;
      for (int bit = 0; bit < bits; bit++) {
        if (((mine[bit / 8] ^ other[bit / 8]) >> (7 - bit % 8) & 1) != 0) {
          return false;
        }
      }
      return true;
    }

    Vip toVip() {
      return Vip.of(key).backends(backends).hashing(hashing()).build();
    }

    private Hashing hashing() {
      boolean noSourcePort = flags.contains("HASH_NO_SRC_PORT");
      boolean bothPorts = flags.contains("HASH_SRC_DST_PORT");
      if (flags.contains("HASH_DST_PORT_ONLY")) {
        if (noSourcePort) {
          throw new IllegalArgumentException("no such hashing: " + flags);
        }
        return Hashing.DESTINATION_PORT;
      }
      if (noSourcePort) {
        return bothPorts ? Hashing.SOURCE_ADDRESS_AND_DESTINATION_PORT : Hashing.SOURCE_ADDRESS;
      }
      return bothPorts ? Hashing.BOTH_PORTS : Hashing.FLOW;
    }
  }

  private static final int BACKENDS = 256;

  /** Has a balancer opened as the scenario wants it. */
  LoadBalancerBuilder configure(LoadBalancerBuilder builder) {
    builder
        .limits(limits)
        .nextHop(NextHop.via(gatewayMac))
        .answerTooBig(needs.contains(Feature.ICMP_TOO_BIG));
    gue.ifPresent(outer ->
        builder
            .guePort(outer.port())
            .sourceAddress(outer.sourceV4())
            .sourceAddress(outer.sourceV6()));
    return builder;
  }

  static Scenario read(Path folder) throws IOException {
    JsonNode root = new JsonMapper().readTree(folder.resolve("scenario.json").toFile());
    JsonNode config = root.get("config");
    Set<Feature> needs = needs(config);
    Encapsulation encapsulation =
        needs.contains(Feature.GUE) ? Encapsulation.gue() : Encapsulation.ipip();
    List<Step> steps = new ArrayList<>();
    for (JsonNode step : root.get("steps")) {
      String kind = step.fieldNames().next();
      steps.add(step(kind, step.get(kind), folder, encapsulation));
    }
    return new Scenario(
        root.get("name").asText(),
        new Limits(
            config.get("maxVips").asInt(),
            BACKENDS,
            config.get("ringSize").asInt(),
            config.get("maxPacketSize").asInt()),
        config.get("gatewayMac").asText(),
        needs.contains(Feature.GUE) ? Optional.of(gue(config)) : Optional.empty(),
        needs,
        steps);
  }

  private static Gue gue(JsonNode config) {
    return new Gue(
        config.get("guePort").asInt(),
        config.get("sourceV4").asText(),
        config.get("sourceV6").asText());
  }

  private static Set<Feature> needs(JsonNode config) {
    Set<Feature> needs = EnumSet.noneOf(Feature.class);
    if (config.get("encapsulation").asText().equals("gue")) {
      needs.add(Feature.GUE);
    }
    if (config.get("icmpTooBig").asBoolean()) {
      needs.add(Feature.ICMP_TOO_BIG);
    }
    if (config.get("inlineDecapsulation").asBoolean()) {
      needs.add(Feature.DECAPSULATION);
    }
    if (config.get("tcpServerIdRouting").asBoolean()) {
      needs.add(Feature.TCP_SERVER_ID);
    }
    return needs;
  }

  private static Step step(String kind, JsonNode step, Path folder, Encapsulation encapsulation)
      throws IOException {
    return switch (kind) {
      case "vip" -> new Step.Install(vip(step, encapsulation));
      case "flags" -> new Step.AddFlags(key(step), texts(step.get("add")));
      case "remove" ->
          new Step.Remove(key(step), InetAddresses.forString(step.get("backend").asText()));
      case "serverIds", "sourceRoute", "decapsulate", "down" -> new Step.OfFeature(kind);
      case "packets" -> new Step.Packets(Row.read(folder.resolve(step.asText())));
      default -> throw new IllegalArgumentException("unknown step " + kind);
    };
  }

  private static InstalledVip vip(JsonNode step, Encapsulation encapsulation) {
    List<Backend> backends = new ArrayList<>();
    for (JsonNode backend : step.get("backends")) {
      backends.add(
          Backend.of(backend.get("address").asText())
              .weight(backend.get("weight").asInt())
              .via(encapsulation));
    }
    int prefixLength = step.path("prefixLength").asInt(InstalledVip.ONE_ADDRESS);
    return new InstalledVip(key(step), prefixLength, texts(step.get("flags")), backends);
  }

  private static VipKey key(JsonNode step) {
    return new VipKey(
        InetAddresses.forString(step.get("address").asText()),
        step.get("port").asInt(),
        Protocol.valueOf(step.get("protocol").asText().toUpperCase(Locale.ROOT)));
  }

  private static Set<String> texts(JsonNode array) {
    Set<String> texts = new TreeSet<>();
    array.forEach(element -> texts.add(element.asText()));
    return texts;
  }
}
