package dev.katran.internal.dataplane.kernel;

import com.google.common.collect.Maps;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.Prefix;
import dev.katran.bpf.generated.katran_backend;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.bpf.generated.katran_down_key;
import dev.katran.bpf.generated.katran_prefix_vip_key;
import dev.katran.bpf.generated.katran_reverse_key;
import dev.katran.bpf.generated.katran_source_v4;
import dev.katran.bpf.generated.katran_source_v6;
import dev.katran.bpf.generated.katran_tunnel_end_key;
import dev.katran.bpf.generated.katran_vip;
import dev.katran.bpf.generated.katran_vip_address;
import dev.katran.bpf.generated.katran_vip_line;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapSpec;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.IndexTable;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.dataplane.TableCapacity;
import dev.katran.internal.dataplane.VipFlags;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import org.jspecify.annotations.Nullable;

/**
 * Creates and owns the maps of {@code balancer.bpf.c}. Programs reuse these maps, so the entries
 * survive when a program is replaced. Maps of optional features are created when they are first
 * needed.
 */
public final class KernelTables implements AutoCloseable {

  /**
   * The flags of maps that the program must not write. The program does not write rings and
   * backends either, but the kernel does not allow writable mappings of read-only maps.
   */
  static final int READ_ONLY = BpfConstants.BPF_F_NO_PREALLOC | BpfConstants.BPF_F_RDONLY_PROG;

  /** The largest number of interfaces that frames are redirected to by routes. */
  private static final int MAX_EGRESSES = 1 << 10;

  private final DataplaneConfig config;
  private final Limits limits;
  private final MapGeometry geometry;

  /** The existing maps, by their names in the program. */
  private final Map<String, BpfMap> maps = new ConcurrentHashMap<>();

  /** The existing flow tables of single CPUs. */
  private final List<FlowMaps> cpuFlows = new CopyOnWriteArrayList<>();

  /** The shared flow table, if it exists. */
  private volatile @Nullable FlowMaps flows;

  private final MapPins pins;
  private final ReplaceableMap vips;
  private @Nullable GracePeriod gracePeriod;
  private final KernelIndexTable<Integer> serverIds;
  private final KernelIndexTable<Prefix> sourcesV4;
  private final KernelIndexTable<Prefix> sourcesV6;
  private final KernelIndexTable<Prefix> tunnelSourcesV4;
  private final KernelIndexTable<Prefix> tunnelSourcesV6;
  private final KernelIndexTable<DownKey> down;
  private final KernelIndexTable<ReverseKey> reverse;
  private final KernelIndexTable<InetAddress> tunnelEndpoints;

  /** Creates the maps that every program needs. */
  public KernelTables(DataplaneConfig config) {
    this(config, new MapGeometry(config), MapPins.NONE);
  }

  /** Creates the maps that every program needs, in these sizes, or opens those that are pinned. */
  KernelTables(DataplaneConfig config, MapGeometry geometry, MapPins pins) {
    ForwardingCores.check(config.flowTableCpus());
    this.config = config;
    this.limits = config.limits();
    this.geometry = geometry;
    this.pins = pins;
    this.vips = new ReplaceableMap("vips", pins, this::createVips);
    this.serverIds =
        new KernelIndexTable<>(
            "server_ids",
            pins,
            BpfConstants.BPF_MAP_TYPE_HASH,
            Integer.BYTES,
            limits.serverIds(),
            (target, id) -> target.set(ValueLayout.JAVA_INT, 0, id));
    this.sourcesV4 = prefixes("source_v4", katran_source_v4.sizeof(), limits.sourceRoutes());
    this.sourcesV6 = prefixes("source_v6", katran_source_v6.sizeof(), limits.sourceRoutes());
    int tunnelSources = Math.max(1, config.tunnelSources().size());
    this.tunnelSourcesV4 = prefixes("tunnel_v4", katran_source_v4.sizeof(), tunnelSources);
    this.tunnelSourcesV6 = prefixes("tunnel_v6", katran_source_v6.sizeof(), tunnelSources);
    this.down =
        new KernelIndexTable<>(
            "down",
            pins,
            BpfConstants.BPF_MAP_TYPE_HASH,
            (int) katran_down_key.sizeof(),
            TableCapacity.DOWN,
            (target, key) -> {
              katran_down_key.vip(target, key.vip());
              katran_down_key.backend(target, key.backend());
            });
    this.reverse =
        new KernelIndexTable<>(
            "reverse",
            pins,
            BpfConstants.BPF_MAP_TYPE_HASH,
            (int) katran_reverse_key.sizeof(),
            TableCapacity.reverse(limits),
            Abi::writeReverseKey);
    this.tunnelEndpoints =
        new KernelIndexTable<>(
            "tunnel_ends",
            pins,
            BpfConstants.BPF_MAP_TYPE_HASH,
            (int) katran_tunnel_end_key.sizeof(),
            TableCapacity.TUNNEL_ENDPOINTS,
            Abi::writeTunnelEnd);
    try {
      adopt();
      createRequired();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /** Opens the maps that are pinned and that would be created later, or were replaced. */
  private void adopt() {
    vips.adopt();
    for (KernelIndexTable<?> table :
        List.of(
            serverIds,
            sourcesV4,
            sourcesV6,
            tunnelSourcesV4,
            tunnelSourcesV6,
            down,
            reverse,
            tunnelEndpoints)) {
      table.adopt();
    }
    if (pins.contains("prefix_vips")) {
      prefixVips();
    }
    if (pins.contains("watched")) {
      watched();
    }
    if (pins.contains("flows")) {
      createFlows();
    }
  }

  private KernelIndexTable<Prefix> prefixes(String name, long keySize, int capacity) {
    return new KernelIndexTable<>(
        name, pins, BpfConstants.BPF_MAP_TYPE_LPM_TRIE, (int) keySize, capacity, Abi::writeSource);
  }

  /** Returns the names of the maps without which pinned ones are of no use. */
  static List<String> required(DataplaneConfig config) {
    List<String> names =
        new ArrayList<>(
            List.of(
                "vips",
                "vip_rings",
                "ring_chunks",
                "change_deadlines",
                "vip_addresses",
                "backends",
                "counters",
                KernelJournal.NAME));
    if (config.reservesFlowTable()) {
      names.addAll(List.of("flows", "flows_keys"));
    }
    return names;
  }

  private void createRequired() {
    if (config.decapsulation() != Decapsulation.OFF && !config.tunnelSources().isEmpty()) {
      new KernelSourceRoutes(tunnelSourcesV4, tunnelSourcesV6)
          .replace(Maps.asMap(Set.copyOf(config.tunnelSources()), prefix -> 1));
    }
    vips.outer();
    gracePeriod = new GracePeriod();
    createArray("vip_rings", Long.BYTES, geometry.vipIndices(), /* perElement= */ 1);
    createArray("change_deadlines", Long.BYTES, geometry.vipIndices(), /* perElement= */ 1);
    createArray(
        "vip_addresses", katran_vip_address.sizeof(), geometry.vipIndices(), /* perElement= */ 1);
    try (BpfMap template = MapCreation.create(RingMemory.chunk())) {
      maps.put(
          "ring_chunks",
          pins.openOrCreate(
              "ring_chunks",
              () ->
                  MapCreation.create(
                      MapSpec.arrayOfMaps("ring_chunks", geometry.ringChunks(), template))));
    }
    createArray(
        "backends", katran_backend.sizeof(), geometry.backendIndices(), /* perElement= */ 1);
    createArray(
        "counters",
        katran_counter.sizeof(),
        geometry.countersPerCpu() * geometry.counterBlocks(),
        geometry.hasCounterBlocks() ? geometry.countersPerCpu() : 1);
    if (config.reservesFlowTable()) {
      createFlows(); // by far the largest map: a lack of memory shows now, not in the first change
    }
  }

  private void create(
      String name, int type, long keySize, long valueSize, int maxEntries, int flags) {
    MapSpec spec =
        MapSpec.of(type, name)
            .keySize(keySize)
            .valueSize(valueSize)
            .maxEntries(maxEntries)
            .flags(flags);
    maps.put(name, pins.openOrCreate(name, () -> MapCreation.create(spec)));
  }

  /** Creates an array that can be mapped, with as many entries in an element. */
  private void createArray(String name, long entrySize, int entries, int perElement) {
    create(
        name,
        BpfConstants.BPF_MAP_TYPE_ARRAY,
        Integer.BYTES,
        perElement * entrySize,
        entries / perElement,
        BpfConstants.BPF_F_MMAPABLE);
  }

  /** Returns where the maps are pinned. */
  MapPins pins() {
    return pins;
  }

  /** Returns the sizes of the maps. */
  MapGeometry geometry() {
    return geometry;
  }

  /** Returns the maps that a program with these features needs, by name. Creates missing ones. */
  Map<String, BpfMap> mapsFor(Features features) {
    Map<String, BpfMap> needed = new LinkedHashMap<>();
    needed.put("vips", vips.outer());
    for (String name : List.of("vip_rings", "ring_chunks", "backends", "counters")) {
      needed.put(name, map(name));
    }
    if (features.changes()) {
      needed.put("change_deadlines", changeDeadlines());
    }
    if (features.prefixVips()) {
      needed.put("prefix_vips", prefixVips());
    }
    if (features.tracksFlows()) {
      FlowMaps shared = flows();
      needed.put("flows", shared.buckets());
      needed.put("flow_keys", shared.keys());
      if (!config.flowTableCpus().isEmpty()) {
        needed.put("cpu_flows", map("cpu_flows"));
        needed.put("cpu_flow_keys", map("cpu_flow_keys"));
      }
    }
    if (has(features, VipFlags.QUIC | VipFlags.UDP_STABLE_ROUTING) || config.tcpServerIds()) {
      needed.put("server_ids", serverIds.outer());
    }
    if (has(features, VipFlags.SOURCE_ROUTING)) {
      needed.put("source_routes_v4", sourcesV4.outer());
      needed.put("source_routes_v6", sourcesV6.outer());
    }
    if (has(features, VipFlags.UDP_FLOW_MIGRATION)) {
      needed.put("down", down.outer());
    }
    if (features.rewrites()) {
      needed.put("reverse", reverse.outer());
      needed.put("vip_addresses", vipAddresses());
      needed.put("egresses", egresses());
    }
    if (config.decapsulation() != Decapsulation.OFF) {
      needed.put("tunnel_ends", tunnelEndpoints.outer());
      if (!config.tunnelSources().isEmpty()) {
        needed.put("tunnel_sources_v4", tunnelSourcesV4.outer());
        needed.put("tunnel_sources_v6", tunnelSourcesV6.outer());
      }
    }
    if (has(features, VipFlags.WATCHED)) {
      needed.put("watched", watched());
    }
    return needed;
  }

  private static boolean has(Features features, int flags) {
    return (features.vipFlags() & flags) != 0;
  }

  private BpfMap map(String name) {
    return Objects.requireNonNull(maps.get(name), name);
  }

  /** Returns the hash table of VIPs with a single address: lines of {@code katran_vip_line}. */
  ReplaceableMap vips() {
    return vips;
  }

  private BpfMap createVips() {
    int perElement = geometry.hasWholeVipTables() ? geometry.allVipLines() : 1;
    return MapCreation.create(
        MapSpec.array("vips")
            .valueSize(perElement * katran_vip_line.sizeof())
            .maxEntries(geometry.allVipLines() / perElement)
            .flags(BpfConstants.BPF_F_MMAPABLE));
  }

  /** Returns the map of where each VIP's ring is, by VIP index. */
  BpfMap vipRings() {
    return map("vip_rings");
  }

  /** Returns the map of each VIP's address, by VIP index. */
  BpfMap vipAddresses() {
    return map("vip_addresses");
  }

  /** Returns the set of interfaces that accept redirected frames. The first call creates it. */
  BpfMap egresses() {
    if (!maps.containsKey("egresses")) {
      create(
          "egresses",
          BpfConstants.BPF_MAP_TYPE_DEVMAP_HASH,
          Integer.BYTES,
          Integer.BYTES,
          MAX_EGRESSES,
          /* flags= */ 0);
    }
    return map("egresses");
  }

  /** Returns the map of when each VIP's changes end by themselves, by VIP index. */
  BpfMap changeDeadlines() {
    return map("change_deadlines");
  }

  /** Returns the map of the chunks that hold the rings. */
  BpfMap ringChunks() {
    return map("ring_chunks");
  }

  /** Returns what waits for packets. */
  GracePeriod gracePeriod() {
    return Objects.requireNonNull(gracePeriod);
  }

  /** Returns the map of backends, by backend index. */
  BpfMap backends() {
    return map("backends");
  }

  /** Returns the map of counters. */
  BpfMap counters() {
    return map("counters");
  }

  /** Returns the trie of prefix VIPs. The first call creates it. */
  BpfMap prefixVips() {
    if (!maps.containsKey("prefix_vips")) {
      create(
          "prefix_vips",
          BpfConstants.BPF_MAP_TYPE_LPM_TRIE,
          katran_prefix_vip_key.sizeof(),
          katran_vip.sizeof(),
          2 * geometry.vipIndices(),
          READ_ONLY);
    }
    return map("prefix_vips");
  }

  /** Returns whether the trie of prefix VIPs exists. */
  boolean hasPrefixVips() {
    return maps.containsKey("prefix_vips");
  }

  /** Returns the counters of watched VIPs' misses. The first call creates the map. */
  BpfMap watched() {
    if (!maps.containsKey("watched")) {
      createArray(
          "watched",
          katran_counter.sizeof(),
          geometry.backendIndices() * geometry.counterBlocks(),
          /* perElement= */ 1);
    }
    return map("watched");
  }

  /** Returns whether the counters of watched VIPs' misses exist. */
  boolean hasWatched() {
    return maps.containsKey("watched");
  }

  private void createFlows() {
    if (!config.flowTableCpus().isEmpty() && cpuFlows.isEmpty()) {
      createCpuFlows();
    }
    if (flows == null) {
      flows = FlowMaps.create("flows", config.flowBuckets(), OptionalInt.empty(), pins, "flows");
    }
  }

  private FlowMaps flows() {
    createFlows();
    return Objects.requireNonNull(flows);
  }

  private void createCpuFlows() {
    List<FlowMaps> created = new ArrayList<>();
    try {
      for (DataplaneConfig.FlowTableCpu cpu : config.flowTableCpus()) {
        created.add(
            FlowMaps.create(
                "cpu_flows", config.flowBuckets(), cpu.numaNode(), pins, "cpu_flows_" + cpu.cpu()));
      }
      BpfMap buckets = byCpu("cpu_flows", created.stream().map(FlowMaps::buckets).toList());
      try {
        maps.put(
            "cpu_flow_keys", byCpu("cpu_flow_keys", created.stream().map(FlowMaps::keys).toList()));
      } catch (RuntimeException | Error e) {
        buckets.close();
        throw e;
      }
      maps.put("cpu_flows", buckets);
      cpuFlows.addAll(created);
    } catch (RuntimeException | Error e) {
      created.forEach(FlowMaps::close);
      throw e;
    }
  }

  /** Creates a map of maps with one of these for each forwarding CPU. */
  private BpfMap byCpu(String name, List<BpfMap> inner) {
    BpfMap outer =
        pins.openOrCreate(
            name,
            () ->
                MapCreation.create(
                    MapSpec.arrayOfMaps(name, BpfMap.possibleCpus(), inner.getFirst())));
    try (Arena arena = Arena.ofConfined()) {
      for (int i = 0; i < inner.size(); i++) {
        int cpu = config.flowTableCpus().get(i).cpu();
        outer.updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, cpu), inner.get(i));
      }
      return outer;
    } catch (RuntimeException | Error e) {
      outer.close();
      throw e;
    }
  }

  /** Returns the existing flow tables, of single CPUs and shared. */
  List<FlowMaps> flowTables() {
    List<FlowMaps> tables = new ArrayList<>(cpuFlows);
    FlowMaps shared = flows;
    if (shared != null) {
      tables.add(shared);
    }
    return tables;
  }

  /** Returns the server ids. */
  IndexTable<Integer> serverIds() {
    return serverIds;
  }

  /** Returns the source routes of both families. */
  IndexTable<Prefix> sourceRoutes() {
    return new KernelSourceRoutes(sourcesV4, sourcesV6);
  }

  /** Returns the backends that are marked down. */
  IndexTable<DownKey> down() {
    return down;
  }

  /** Returns the sources that answer for rewriting VIPs. */
  IndexTable<ReverseKey> reverse() {
    return reverse;
  }

  /** Returns the tunnel endpoints. */
  IndexTable<InetAddress> tunnelEndpoints() {
    return tunnelEndpoints;
  }

  /** Returns the kernel memory of all maps except the chunks that hold the rings, in bytes. */
  long kernelMemory() {
    return maps.values().stream().mapToLong(BpfMap::kernelMemory).sum()
        + flowTables().stream().mapToLong(FlowMaps::kernelMemory).sum()
        + gracePeriod().kernelMemory()
        + vips.kernelMemory()
        + serverIds.kernelMemory()
        + sourcesV4.kernelMemory()
        + sourcesV6.kernelMemory()
        + tunnelSourcesV4.kernelMemory()
        + tunnelSourcesV6.kernelMemory()
        + down.kernelMemory()
        + reverse.kernelMemory()
        + tunnelEndpoints.kernelMemory();
  }

  /** Frees the maps that were replaced as a whole. */
  void commit() {
    vips.commit();
    serverIds.commit();
    sourcesV4.commit();
    sourcesV6.commit();
    down.commit();
    reverse.commit();
    tunnelEndpoints.commit();
  }

  @Override
  public void close() {
    maps.values().forEach(BpfMap::close);
    flowTables().forEach(FlowMaps::close);
    if (gracePeriod != null) {
      gracePeriod.close();
    }
    vips.close();
    serverIds.close();
    sourcesV4.close();
    sourcesV6.close();
    tunnelSourcesV4.close();
    tunnelSourcesV6.close();
    down.close();
    reverse.close();
    tunnelEndpoints.close();
  }
}
