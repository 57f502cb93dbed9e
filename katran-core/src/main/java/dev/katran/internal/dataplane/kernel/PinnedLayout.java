package dev.katran.internal.dataplane.kernel;

import com.google.common.base.Splitter;
import dev.katran.Limits;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_backend;
import dev.katran.bpf.generated.katran_down_key;
import dev.katran.bpf.generated.katran_flow_key;
import dev.katran.bpf.generated.katran_prefix_vip_key;
import dev.katran.bpf.generated.katran_reverse_key;
import dev.katran.bpf.generated.katran_source_v4;
import dev.katran.bpf.generated.katran_source_v6;
import dev.katran.bpf.generated.katran_tunnel_end_key;
import dev.katran.bpf.generated.katran_vip;
import dev.katran.bpf.generated.katran_vip_address;
import dev.katran.bpf.generated.katran_vip_entry;
import dev.katran.bpf.generated.katran_vip_line;
import dev.katran.internal.dataplane.DataplaneConfig;
import java.lang.foreign.GroupLayout;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What the contents of pinned maps look like: the fields of their keys and values, the indices of
 * counters, the meaning of words, and the limits that size them. It is written down with the maps,
 * so that another version of this library, older or newer, can convert them.
 *
 * <p>A map whose keys and values are single words, or bytes that never change, needs no entry here.
 *
 * @param text the parts of the layout by their names, as they are written down
 */
record PinnedLayout(Map<String, String> text) {

  /** The version of the journal's records. */
  private static final String JOURNAL = "journal";

  private static final int JOURNAL_VERSION = 1;
  private static final String COUNTERS = "counters";
  private static final String FLOW_TABLE_SIZE = "Limits.flowTableSize";
  private static final String VIP_TABLE = "vips.table";
  private static final String KEY = ".key";
  private static final String VALUE = ".value";

  private static final Map<String, GroupLayout> KEYS =
      Map.of(
          "prefix_vips", katran_prefix_vip_key.layout(),
          "source_v4", katran_source_v4.layout(),
          "source_v6", katran_source_v6.layout(),
          "down", katran_down_key.layout(),
          "reverse", katran_reverse_key.layout(),
          "tunnel_ends", katran_tunnel_end_key.layout());

  /** That of {@code vips} is an entry of its table. */
  private static final Map<String, GroupLayout> VALUES =
      Map.of(
          "vips", katran_vip_entry.layout(),
          "prefix_vips", katran_vip.layout(),
          "vip_addresses", katran_vip_address.layout(),
          "backends", katran_backend.layout(),
          "flows_keys", katran_flow_key.layout());

  /** What cannot be converted, with the reason. */
  private static final Map<String, String> FIXED =
      Map.of(
          JOURNAL,
          "the records of the journal are others",
          "rings",
          "the slots of rings are others",
          "flows",
          "the entries of the flow table are others",
          "Limits.ringSize",
          "flows would move to other backends",
          "Limits.hashSeed",
          "flows would move to other backends",
          "forwardingCores",
          "each core has its own flow table");

  /** Returns the layout of this version of the library. */
  static PinnedLayout of(DataplaneConfig config, MapGeometry geometry) {
    Map<String, String> text = new TreeMap<>();
    text.put(JOURNAL, Integer.toString(JOURNAL_VERSION));
    text.put("rings", rings());
    text.put("flows", flows());
    text.put(COUNTERS, CounterLayout.of(geometry).text());
    text.put(VIP_TABLE, VipTableLayout.own().text());
    KEYS.forEach((map, key) -> text.put(map + KEY, StructLayout.of(key).text()));
    VALUES.forEach((map, value) -> text.put(map + VALUE, StructLayout.of(value).text()));
    Limits limits = config.limits();
    text.put("Limits.vips", Integer.toString(limits.vips()));
    text.put("Limits.backends", Integer.toString(limits.backends()));
    text.put("Limits.ringSize", Integer.toString(limits.ringSize()));
    text.put(FLOW_TABLE_SIZE, Integer.toString(limits.flowTableSize()));
    text.put("Limits.serverIds", Integer.toString(limits.serverIds()));
    text.put("Limits.sourceRoutes", Integer.toString(limits.sourceRoutes()));
    text.put("Limits.hashSeed", Integer.toString(limits.hashSeed()));
    text.put(
        "forwardingCores",
        config.flowTableCpus().stream()
            .map(cpu -> Integer.toString(cpu.cpu()))
            .collect(Collectors.joining(",", "[", "]")));
    return new PinnedLayout(text);
  }

  private static String rings() {
    return numbers(
        Katran.KATRAN_RING_CHUNK_BITS(),
        Katran.KATRAN_RING_LINE_BITS(),
        Katran.KATRAN_RING_FORMAT(),
        Katran.KATRAN_RING_EXISTS(),
        Katran.KATRAN_RING_PALETTE(),
        Katran.KATRAN_RING_BASE_SHIFT(),
        Katran.KATRAN_RING_LINE_SHIFT(),
        Katran.KATRAN_SLOT_BACKEND(),
        Katran.KATRAN_SLOT_CHANGING(),
        Katran.KATRAN_SLOT_SETTLED());
  }

  private static String flows() {
    return numbers(
        Katran.KATRAN_FLOWS_PER_BUCKET(),
        Katran.KATRAN_FLOW_TIME_BITS(),
        Katran.KATRAN_FLOW_IS_COARSE(),
        Katran.KATRAN_FLOW_IS_CONFIRMED(),
        Katran.KATRAN_FLOW_HAS_BEGUN(),
        Katran.KATRAN_FLOW_BACKEND_SHIFT(),
        Katran.KATRAN_FLOW_BACKEND_BITS(),
        Katran.KATRAN_FLOW_TAG_SHIFT(),
        Katran.KATRAN_FLOW_UNIT(),
        Katran.KATRAN_FLOW_COARSE_UNIT());
  }

  private static String numbers(int... numbers) {
    return Arrays.stream(numbers).mapToObj(Integer::toString).collect(Collectors.joining(" "));
  }

  /** Returns why maps of this layout cannot be converted to another one; empty if they can. */
  Optional<String> obstacle(PinnedLayout other) {
    return FIXED.keySet().stream()
        .sorted()
        .filter(name -> !get(name).equals(other.get(name)))
        .map(name ->
            "%s was %s and is now %s: %s"
                .formatted(name, get(name), other.get(name), FIXED.get(name)))
        .findFirst();
  }

  private String get(String name) {
    return text.getOrDefault(name, "");
  }

  /** Returns whether the maps have the same sizes. */
  boolean hasSizesOf(PinnedLayout other) {
    return Stream.of(text, other.text)
        .flatMap(parts -> parts.keySet().stream())
        .filter(name -> name.startsWith("Limits."))
        .allMatch(name -> get(name).equals(other.get(name)));
  }

  /** Returns whether a map's keys and values can be read and written by another version. */
  boolean isLike(PinnedLayout other, String map) {
    return switch (map) {
      case "counters" -> counters().isLike(other.counters());
      case "vips" -> areValuesLike(other, map) && get(VIP_TABLE).equals(other.get(VIP_TABLE));
      case "flows", "cpu_flows", "cpu_flow_keys" -> areValuesLike(other, "flows_keys");
      default -> areKeysLike(other, map) && areValuesLike(other, map);
    };
  }

  private boolean areKeysLike(PinnedLayout other, String map) {
    return areLike(key(map), other.key(map));
  }

  private boolean areValuesLike(PinnedLayout other, String map) {
    return areLike(value(map), other.value(map));
  }

  private static boolean areLike(Optional<StructLayout> one, Optional<StructLayout> other) {
    return one.isEmpty() || other.isEmpty() || one.get().isLike(other.get());
  }

  /** Returns the fields of a map's keys; empty if they are no structs. */
  Optional<StructLayout> key(String map) {
    return struct(map + KEY);
  }

  /** Returns the fields of a map's values; empty if they are no structs. */
  Optional<StructLayout> value(String map) {
    return struct(map + VALUE);
  }

  private Optional<StructLayout> struct(String name) {
    return Optional.ofNullable(text.get(name)).map(StructLayout::parse);
  }

  /** Returns the entries of the flow table. */
  int flowTableSize() {
    return Integer.parseInt(get(FLOW_TABLE_SIZE));
  }

  /** Returns the indices of counters. */
  CounterLayout counters() {
    return CounterLayout.parse(get(COUNTERS));
  }

  /** Returns where the entries of the VIP table are. */
  VipTableLayout vipTable() {
    return VipTableLayout.parse(get(VIP_TABLE));
  }

  /** Returns the maps whose fields are described. For tests. */
  static List<String> described() {
    return Stream.concat(KEYS.keySet().stream(), VALUES.keySet().stream())
        .distinct()
        .sorted()
        .toList();
  }

  /**
   * Where the entries of the VIP table are.
   *
   * @param line the bytes of a line
   * @param first the first line with entries
   * @param perLine the entries of a line
   * @param hash how the hash function is written
   */
  record VipTableLayout(int line, int first, int perLine, String hash) {

    static VipTableLayout own() {
      return new VipTableLayout(
          (int) katran_vip_line.sizeof(),
          Katran.KATRAN_FIRST_VIP_LINE(),
          Katran.KATRAN_VIPS_PER_LINE(),
          Katran.KATRAN_VIP_KEY_WORDS() + "/" + Katran.KATRAN_SECOND_VIP_LINE_SHIFT());
    }

    static VipTableLayout parse(String text) {
      List<String> words = Splitter.on(' ').splitToList(text);
      return new VipTableLayout(
          Integer.parseInt(words.get(0)),
          Integer.parseInt(words.get(1)),
          Integer.parseInt(words.get(2)),
          words.get(3));
    }

    String text() {
      return "%d %d %d %s".formatted(line, first, perLine, hash);
    }
  }
}
