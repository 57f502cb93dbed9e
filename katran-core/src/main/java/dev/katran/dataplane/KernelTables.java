package dev.katran.dataplane;

import com.google.common.math.IntMath;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.Prefix;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_backend;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.bpf.generated.katran_down_key;
import dev.katran.bpf.generated.katran_flow;
import dev.katran.bpf.generated.katran_flow_entry;
import dev.katran.bpf.generated.katran_prefix_vip_key;
import dev.katran.bpf.generated.katran_ring_line;
import dev.katran.bpf.generated.katran_source_v4;
import dev.katran.bpf.generated.katran_source_v6;
import dev.katran.bpf.generated.katran_tunnel_end_key;
import dev.katran.bpf.generated.katran_vip;
import dev.katran.bpf.generated.katran_vip_line;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The program's tables in the kernel. They are created here, when they are first needed, and a
 * program borrows them: so they stay when one program takes the place of another.
 */
final class KernelTables implements AutoCloseable {

  /**
   * There are twice as many numbers as VIPs and backends, so that one change can replace them all:
   * the new are written before the old are removed.
   */
  private static final int ROOM = 2;

  /**
   * Of the tables that the program does not write: it may not. Rings and backends are not written
   * by it either, but the kernel lets nobody write to such a table through a mapping.
   */
  static final int LOOKED_UP_ONLY = BpfConstants.BPF_F_NO_PREALLOC | BpfConstants.BPF_F_RDONLY_PROG;

  private final DataplaneConfig config;
  private final Limits limits;

  /** Those that exist, by the names that the program has for them. */
  private final Map<String, BpfMap> maps = new ConcurrentHashMap<>();

  /** The flow tables of single CPUs. */
  private final List<BpfMap> cpuFlows = new CopyOnWriteArrayList<>();

  private final SwappedMap vips = new SwappedMap("vips", this::createVips);
  private final KernelNumberTable<Integer> serverIds;
  private final KernelNumberTable<Prefix> sourcesV4;
  private final KernelNumberTable<Prefix> sourcesV6;
  private final KernelNumberTable<DownKey> down;
  private final KernelNumberTable<InetAddress> tunnelEnds;

  KernelTables(DataplaneConfig config) {
    this.config = config;
    this.limits = config.limits();
    this.serverIds =
        new KernelNumberTable<>(
            "server_ids",
            BpfConstants.BPF_MAP_TYPE_HASH,
            Integer.BYTES,
            limits.serverIds(),
            (target, id) -> target.set(ValueLayout.JAVA_INT, 0, id));
    this.sourcesV4 =
        new KernelNumberTable<>(
            "source_v4",
            BpfConstants.BPF_MAP_TYPE_LPM_TRIE,
            (int) katran_source_v4.sizeof(),
            limits.sourceRoutes(),
            Abi::writeSource);
    this.sourcesV6 =
        new KernelNumberTable<>(
            "source_v6",
            BpfConstants.BPF_MAP_TYPE_LPM_TRIE,
            (int) katran_source_v6.sizeof(),
            limits.sourceRoutes(),
            Abi::writeSource);
    this.down =
        new KernelNumberTable<>(
            "down",
            BpfConstants.BPF_MAP_TYPE_HASH,
            (int) katran_down_key.sizeof(),
            Dataplane.MAX_DOWN,
            (target, key) -> {
              katran_down_key.vip(target, key.vip());
              katran_down_key.backend(target, key.backend());
            });
    this.tunnelEnds =
        new KernelNumberTable<>(
            "tunnel_ends",
            BpfConstants.BPF_MAP_TYPE_HASH,
            (int) katran_tunnel_end_key.sizeof(),
            Dataplane.MAX_TUNNEL_ENDS,
            Abi::writeTunnelEnd);
    try {
      createAlways();
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private void createAlways() {
    vips.outer();
    try (BpfMap template = createRing()) {
      maps.put("rings", BpfMap.createArrayOfMaps("rings", vipNumbers(), template));
    }
    createArray("backends", katran_backend.sizeof(), backendNumbers());
    createArray("counters", katran_counter.sizeof(), countersPerCpu() * BpfMap.possibleCpus());
  }

  private void create(
      String name, int type, long keySize, long valueSize, int maxEntries, int flags) {
    maps.put(name, BpfMap.create(type, name, (int) keySize, (int) valueSize, maxEntries, flags));
  }

  private void createArray(String name, long valueSize, int entries) {
    create(
        name,
        BpfConstants.BPF_MAP_TYPE_ARRAY,
        Integer.BYTES,
        valueSize,
        entries,
        BpfConstants.BPF_F_MMAPABLE);
  }

  /** A ring that is not in use yet. */
  BpfMap createRing() {
    return BpfMap.create(
        BpfConstants.BPF_MAP_TYPE_ARRAY,
        "ring",
        Integer.BYTES,
        (int) katran_ring_line.sizeof(),
        2 * ringLines(),
        BpfConstants.BPF_F_MMAPABLE);
  }

  /** Lines of a ring, up to those of the previous backends. */
  int ringLines() {
    return Math.ceilDiv(limits.ringSize(), Katran.KATRAN_SLOTS_PER_LINE());
  }

  /** Where in a ring's memory the previous backends are, in bytes. */
  long previousOffset() {
    return ringLines() * katran_ring_line.sizeof();
  }

  /** The maps that a program with these features looks into, by its names for them. */
  Map<String, BpfMap> lend(Features features) {
    Map<String, BpfMap> lent = new LinkedHashMap<>();
    lent.put("vips", vips.outer());
    for (String name : List.of("rings", "backends", "counters")) {
      lent.put(name, map(name));
    }
    if (features.prefixVips()) {
      lent.put("prefix_vips", prefixVips());
    }
    if (features.remembersFlows()) {
      lent.put("flows", flows());
      if (!config.flowTableCpus().isEmpty()) {
        lent.put("cpu_flows", map("cpu_flows"));
      }
    }
    if (has(features, VipFlags.QUIC | VipFlags.UDP_STABLE_ROUTING) || config.tcpServerIds()) {
      lent.put("server_ids", serverIds.outer());
    }
    if (has(features, VipFlags.SOURCE_ROUTING)) {
      lent.put("source_routes_v4", sourcesV4.outer());
      lent.put("source_routes_v6", sourcesV6.outer());
    }
    if (has(features, VipFlags.UDP_FLOW_MIGRATION)) {
      lent.put("down", down.outer());
    }
    if (config.decapsulation() != Decapsulation.OFF) {
      lent.put("tunnel_ends", tunnelEnds.outer());
    }
    if (has(features, VipFlags.WATCHED)) {
      lent.put("watched", watched());
    }
    return lent;
  }

  private static boolean has(Features features, int flags) {
    return (features.vipFlags() & flags) != 0;
  }

  private BpfMap map(String name) {
    return Objects.requireNonNull(maps.get(name), name);
  }

  /** The lines that {@code katran_vip_line} is about. */
  SwappedMap vips() {
    return vips;
  }

  private BpfMap createVips() {
    return BpfMap.create(
        BpfConstants.BPF_MAP_TYPE_ARRAY,
        "vips",
        Integer.BYTES,
        (int) katran_vip_line.sizeof(),
        Katran.KATRAN_FIRST_VIP_LINE() + vipLines(),
        BpfConstants.BPF_F_RDONLY_PROG);
  }

  /**
   * Lines for VIPs, so many that half of the places stay free: every VIP may have one more entry,
   * for pings.
   */
  int vipLines() {
    int entries = 2 * limits.vips();
    int places = 2 * entries;
    return IntMath.ceilingPowerOfTwo(Math.ceilDiv(places, Katran.KATRAN_VIPS_PER_LINE()));
  }

  BpfMap rings() {
    return map("rings");
  }

  BpfMap backends() {
    return map("backends");
  }

  BpfMap counters() {
    return map("counters");
  }

  BpfMap prefixVips() {
    if (!maps.containsKey("prefix_vips")) {
      create(
          "prefix_vips",
          BpfConstants.BPF_MAP_TYPE_LPM_TRIE,
          katran_prefix_vip_key.sizeof(),
          katran_vip.sizeof(),
          2 * vipNumbers(),
          LOOKED_UP_ONLY);
    }
    return map("prefix_vips");
  }

  boolean hasPrefixVips() {
    return maps.containsKey("prefix_vips");
  }

  BpfMap watched() {
    if (!maps.containsKey("watched")) {
      createArray("watched", katran_counter.sizeof(), backendNumbers() * BpfMap.possibleCpus());
    }
    return map("watched");
  }

  boolean hasWatched() {
    return maps.containsKey("watched");
  }

  private BpfMap flows() {
    if (!maps.containsKey("flows")) {
      if (!config.flowTableCpus().isEmpty()) {
        createCpuFlows();
      }
      create(
          "flows",
          BpfConstants.BPF_MAP_TYPE_LRU_HASH,
          katran_flow.sizeof(),
          katran_flow_entry.sizeof(),
          limits.flows(),
          BpfConstants.BPF_F_NO_COMMON_LRU);
    }
    return map("flows");
  }

  /** How many flows a CPU that forwards can enter without taking the place of another's. */
  int flowsPerCpu() {
    int cpus =
        config.flowTableCpus().isEmpty() ? BpfMap.possibleCpus() : config.flowTableCpus().size();
    return Math.ceilDiv(limits.flows(), cpus);
  }

  private void createCpuFlows() {
    try (Arena arena = Arena.ofConfined()) {
      for (DataplaneConfig.FlowTableCpu cpu : config.flowTableCpus()) {
        BpfMap own = createFlowTableOf(cpu, flowsPerCpu());
        cpuFlows.add(own);
        if (!maps.containsKey("cpu_flows")) {
          maps.put("cpu_flows", BpfMap.createArrayOfMaps("cpu_flows", BpfMap.possibleCpus(), own));
        }
        map("cpu_flows").updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, cpu.cpu()), own);
      }
    }
  }

  private static BpfMap createFlowTableOf(DataplaneConfig.FlowTableCpu cpu, int entries) {
    int keySize = (int) katran_flow.sizeof();
    int valueSize = (int) katran_flow_entry.sizeof();
    int type = BpfConstants.BPF_MAP_TYPE_LRU_HASH;
    return cpu.numaNode().isPresent()
        ? BpfMap.createOnNode(
            cpu.numaNode().getAsInt(), type, "cpu_flow", keySize, valueSize, entries, 0)
        : BpfMap.create(type, "cpu_flow", keySize, valueSize, entries, 0);
  }

  /** The flow tables that exist. */
  List<BpfMap> flowTables() {
    List<BpfMap> tables = new ArrayList<>(cpuFlows);
    if (maps.containsKey("flows")) {
      tables.add(map("flows"));
    }
    return tables;
  }

  NumberTable<Integer> serverIds() {
    return serverIds;
  }

  NumberTable<Prefix> sourceRoutes() {
    return new KernelSourceRoutes(sourcesV4, sourcesV6);
  }

  NumberTable<DownKey> down() {
    return down;
  }

  NumberTable<InetAddress> tunnelEnds() {
    return tunnelEnds;
  }

  /** How many numbers there are for VIPs, from 0. */
  int vipNumbers() {
    return ROOM * limits.vips();
  }

  /** Backends' numbers are less than this. */
  int backendNumbers() {
    return ROOM * limits.backends() + 1;
  }

  int firstBackendCounter() {
    return Katran.KATRAN_FIRST_VIP_COUNTER() + Katran.KATRAN_COUNTERS_PER_VIP() * vipNumbers();
  }

  /** A multiple of what fits a cache line, so that CPUs do not share one. */
  int countersPerCpu() {
    int perLine = 64 / (int) katran_counter.sizeof();
    return Math.ceilDiv(firstBackendCounter() + backendNumbers(), perLine) * perLine;
  }

  /** What the kernel has allotted to all tables but the rings, in bytes. */
  long kernelMemory() {
    return maps.values().stream().mapToLong(BpfMap::kernelMemory).sum()
        + cpuFlows.stream().mapToLong(BpfMap::kernelMemory).sum()
        + vips.kernelMemory()
        + serverIds.kernelMemory()
        + sourcesV4.kernelMemory()
        + sourcesV6.kernelMemory()
        + down.kernelMemory()
        + tunnelEnds.kernelMemory();
  }

  @Override
  public void close() {
    maps.values().forEach(BpfMap::close);
    cpuFlows.forEach(BpfMap::close);
    vips.close();
    serverIds.close();
    sourcesV4.close();
    sourcesV6.close();
    down.close();
    tunnelEnds.close();
  }
}
