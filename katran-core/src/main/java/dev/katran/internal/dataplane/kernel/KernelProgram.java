package dev.katran.internal.dataplane.kernel;

import com.google.common.base.Suppliers;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.TrafficClass;
import dev.katran.bpf.BpfPrograms;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_balancer_config;
import dev.katran.bpf.generated.katran_own_interface;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.VerifierStatistics;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.dataplane.IpipSources;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.internal.platform.CoarseClock;
import dev.katran.internal.recording.ProgramLoadEvent;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** The program {@code balancer.bpf.c}, loaded for certain features. */
public final class KernelProgram implements AutoCloseable {

  /** The maps that programs share. The map {@code current_flow} is each program's own. */
  private static final List<String> MAPS =
      List.of(
          "vips",
          "vip_rings",
          "ring_chunks",
          "change_deadlines",
          "backends",
          "counters",
          "prefix_vips",
          "flows",
          "flow_keys",
          "cpu_flows",
          "cpu_flow_keys",
          "server_ids",
          "source_routes_v4",
          "source_routes_v6",
          "down",
          "reverse",
          "vip_addresses",
          "egresses",
          "tunnel_ends",
          "tunnel_sources_v4",
          "tunnel_sources_v6",
          "watched");

  /** Kept, so that replacing the program takes no descriptor to read the file again. */
  private static final Supplier<byte[]> OBJECT_FILE = Suppliers.memoize(BpfPrograms::balancer);

  private final BpfObject object;
  private final BpfProgram program;
  private final DataplaneConfig config;
  private final Features features;

  private KernelProgram(BpfObject object, DataplaneConfig config, Features features) {
    this.object = object;
    this.config = config;
    this.program = object.program("balancer");
    this.features = features;
  }

  /** Loads the program with these tables. */
  public static KernelProgram load(DataplaneConfig config, Features features, KernelTables tables) {
    return load(OBJECT_FILE.get(), config, features, tables);
  }

  /**
   * Loads the program with these tables.
   *
   * @param attachType the hook to load it for, see {@link BpfProgram#expectedAttachType}
   */
  static KernelProgram load(
      DataplaneConfig config, Features features, KernelTables tables, int attachType) {
    return load(config, features, tables.geometry(), tables.mapsFor(features), attachType);
  }

  /** Loads the program from an object file. */
  static KernelProgram load(
      byte[] elf, DataplaneConfig config, Features features, KernelTables tables) {
    return load(
        elf, config, features, tables.geometry(), tables.mapsFor(features), BpfConstants.BPF_XDP);
  }

  /**
   * Loads the program with maps that exist already.
   *
   * @param maps the maps that the features need, by name
   * @param attachType the hook to load it for
   */
  static KernelProgram load(
      DataplaneConfig config,
      Features features,
      MapGeometry geometry,
      Map<String, BpfMap> maps,
      int attachType) {
    return load(OBJECT_FILE.get(), config, features, geometry, maps, attachType);
  }

  private static KernelProgram load(
      byte[] elf,
      DataplaneConfig config,
      Features features,
      MapGeometry geometry,
      Map<String, BpfMap> maps,
      int attachType) {
    ProgramLoadEvent recorded = new ProgramLoadEvent();
    BpfObject object =
        BpfObject.load(
            "katran",
            elf,
            fresh -> {
              configure(fresh.constants(".rodata.config"), config, features, geometry);
              selectMaps(fresh, maps);
              fresh
                  .program("balancer")
                  .expectedAttachType(attachType)
                  .logLevel(BpfConstants.BPF_LOG_STATS);
            });
    KernelProgram loaded = new KernelProgram(object, config, features);
    recorded.loaded(features, loaded::instructions);
    return loaded;
  }

  private static void selectMaps(BpfObject object, Map<String, BpfMap> maps) {
    for (String name : MAPS) {
      BpfMap map = maps.get(name);
      if (map == null) {
        object.map(name).autocreate(false);
      } else {
        object.map(name).reuse(map);
      }
    }
  }

  /** Writes a {@code struct katran_balancer_config}. */
  static void configure(
      MemorySegment constants, DataplaneConfig config, Features features, MapGeometry geometry) {
    Limits limits = config.limits();
    katran_balancer_config.features(constants, features(config, features));
    katran_balancer_config.vip_flags(constants, features.vipFlags() & ~VipFlags.HASH);
    katran_balancer_config.ring_size(constants, limits.ringSize());
    Reciprocal ringReciprocal = Reciprocal.of(limits.ringSize());
    katran_balancer_config.ring_reciprocal(constants, ringReciprocal.factor());
    katran_balancer_config.ring_shift(constants, ringReciprocal.shift());
    katran_balancer_config.hash_seed_v4(constants, limits.hashSeed() * limits.ringSize());
    katran_balancer_config.hash_seed_v6(constants, limits.hashSeed());
    katran_balancer_config.max_packet_size(constants, limits.maxPacketSize());
    katran_balancer_config.counters_per_cpu(constants, geometry.countersPerCpu());
    katran_balancer_config.has_counter_blocks(constants, flag(geometry.hasCounterBlocks(), 1));
    katran_balancer_config.first_backend_counter(constants, geometry.firstBackendCounter());
    katran_balancer_config.backend_numbers(constants, geometry.backendIndices());
    katran_balancer_config.new_flows_per_second(constants, config.flowRules().newFlowsPerSecond());
    katran_balancer_config.udp_idle(constants, config.flowRules().udpIdle().toNanos());
    katran_balancer_config.vip_lines(constants, geometry.vipLines());
    katran_balancer_config.has_whole_vip_tables(constants, flag(geometry.hasWholeVipTables(), 1));
    katran_balancer_config.flow_buckets(constants, config.flowBuckets());
    writeKeys(katran_balancer_config.flow_tag_keys(constants), config.flowSecret().tagKeys());
    writeKeys(katran_balancer_config.flow_bucket_keys(constants), config.flowSecret().bucketKeys());
    if (config.trafficClass() instanceof TrafficClass.Fixed(int value)) {
      katran_balancer_config.tos(constants, value);
    }
    katran_balancer_config.answers_per_second(constants, config.answersPerSecond());
    DataplaneConfig.OwnInterface own = config.own();
    if (own != null) {
      katran_balancer_config.own_ifindex(constants, own.ifindex());
      katran_balancer_config
          .own_mac(constants)
          .copyFrom(MemorySegment.ofArray(own.mac().toBytes()));
    }
    for (int i = 0; i < config.moreOwn().size(); i++) {
      MemorySegment target =
          katran_own_interface.asSlice(katran_balancer_config.more_own(constants), i);
      DataplaneConfig.OwnInterface each = config.moreOwn().get(i);
      katran_own_interface.ifindex(target, each.ifindex());
      katran_own_interface.mac(target).copyFrom(MemorySegment.ofArray(each.mac().toBytes()));
    }
    Abi.writeAddress(
        katran_balancer_config.ipip_prefix_v4(constants), config.ipipSources().prefixV4());
    Abi.writeAddress(
        katran_balancer_config.ipip_prefix_v6(constants), config.ipipSources().prefixV6());
    GueConfig gue = config.gue();
    katran_balancer_config.gue_port(constants, gue.port());
    if (gue.sourceV4() != null) {
      Abi.writeAddress(katran_balancer_config.source_v4(constants), gue.sourceV4());
    }
    if (gue.sourceV6() != null) {
      Abi.writeAddress(katran_balancer_config.source_v6(constants), gue.sourceV6());
    }
  }

  private static void writeKeys(MemorySegment target, long[] keys) {
    MemorySegment.copy(keys, 0, target, ValueLayout.JAVA_LONG, 0, keys.length);
  }

  private static int features(DataplaneConfig config, Features features) {
    Decapsulation decapsulation = config.decapsulation();
    boolean endsTunnels = decapsulation != Decapsulation.OFF;
    return flag(features.gue(), Katran.KATRAN_USES_GUE())
        | flag(features.prefixVips(), Katran.KATRAN_USES_PREFIX_VIPS())
        | flag(features.changes(), Katran.KATRAN_USES_CHANGES())
        | flag(features.rewrites(), Katran.KATRAN_USES_REWRITES())
        | flag(features.directs(), Katran.KATRAN_USES_DIRECTS())
        | flag(config.sendPacketTooBig(), Katran.KATRAN_USES_TOO_BIG())
        | flag(config.tcpServerIds(), Katran.KATRAN_USES_TCP_SERVER_IDS())
        | flag(endsTunnels, Katran.KATRAN_USES_DECAPSULATION())
        | flag(decapsulation == Decapsulation.STRICT, Katran.KATRAN_USES_STRICT_DECAPSULATION())
        | flag(config.trafficClass() instanceof TrafficClass.Fixed, Katran.KATRAN_USES_FIXED_TOS())
        | flag(
            !config.ipipSources().equals(IpipSources.DEFAULT), Katran.KATRAN_USES_IPIP_PREFIXES())
        | flag(
            endsTunnels && !config.tunnelSources().isEmpty(), Katran.KATRAN_USES_TUNNEL_SOURCES())
        | flag(endsTunnels && config.innerVipsOnly(), Katran.KATRAN_USES_INNER_VIPS())
        | flag(config.own() != null, Katran.KATRAN_USES_OWN_MAC())
        | flag(config.hasInterfaces(), Katran.KATRAN_USES_INTERFACES())
        | flag(CoarseClock.isAvailable(), Katran.KATRAN_USES_COARSE_CLOCK())
        | flag(config.copyDontFragment(), Katran.KATRAN_USES_DONT_FRAGMENT())
        | flag(config.gue().dynamicSourcePorts(), Katran.KATRAN_USES_DYNAMIC_PORTS())
        | flag(!config.flowTableCpus().isEmpty(), Katran.KATRAN_USES_FLOWS_PER_CPU());
  }

  private static int flag(boolean isSet, int flag) {
    return isSet ? flag : 0;
  }

  /** Returns the loaded program. */
  BpfProgram program() {
    return program;
  }

  /** Returns whether the program was loaded for this configuration and these features. */
  boolean isFor(DataplaneConfig config, Features features) {
    return isFor(config) && this.features.equals(features);
  }

  /** Returns whether the program was loaded for this configuration. */
  boolean isFor(DataplaneConfig config) {
    return this.config.equals(config);
  }

  /** Returns the features that the program was loaded for. */
  Features features() {
    return features;
  }

  /** Returns the kernel memory of the program, in bytes. */
  long kernelMemory() {
    return program.kernelMemory();
  }

  /** Returns the number of instructions after verification. */
  public int instructions() {
    return program.info().instructions();
  }

  /** Returns how long the kernel took to verify the program. */
  Duration verification() {
    return program.verifierStatistics().map(VerifierStatistics::time).orElse(Duration.ZERO);
  }

  /** Frees the program unless it is still attached. Does not free the tables. */
  @Override
  public void close() {
    object.close();
  }
}
