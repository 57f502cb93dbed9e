package dev.katran.dataplane;

import dev.katran.AttachMode;
import dev.katran.Count;
import dev.katran.Footprint;
import dev.katran.LoadBalancerException;
import dev.katran.Simulation;
import dev.katran.VipKey;
import dev.katran.bpf.BpfPrograms;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_backend;
import dev.katran.bpf.generated.katran_balancer_config;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.bpf.generated.katran_ring_line;
import dev.katran.bpf.generated.katran_vip;
import dev.katran.bpf.generated.katran_vip_key;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.NativeException;
import dev.katran.ffm.VerifierStatistics;
import dev.katran.ffm.XdpLink;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The program in the kernel, and its tables. */
public final class KernelDataplane implements Dataplane {

  /**
   * There are twice as many numbers as VIPs and backends, so that one change can replace them all:
   * the new are written before the old are removed.
   */
  private static final int ROOM = 2;

  private static final int IPPROTO_ICMP = 1;
  private static final int IPPROTO_ICMPV6 = 58;

  private final DataplaneConfig config;
  private final BpfObject object;
  private final BpfProgram program;
  private final BpfMap vips;
  private final BpfMap rings;
  private final List<BpfMap> maps;
  private final MappedCounters counters;
  private final MemorySegment backends;

  /** What each ring takes in the kernel, by the VIP's number. */
  private final Map<Integer, Long> ringMemory = new ConcurrentHashMap<>();

  private @Nullable XdpLink link;
  private int ifindex;

  private KernelDataplane(DataplaneConfig config, BpfObject object) {
    this.config = config;
    this.object = object;
    this.program = object.program("balancer");
    this.vips = object.map("vips");
    this.rings = object.map("rings");
    this.maps = List.of(vips, rings, object.map("backends"), object.map("counters"));
    this.counters = new MappedCounters(object.map("counters"), countersPerCpu(config));
    this.backends = object.map("backends").mmap();
  }

  /** Loads the program, attached to nothing. */
  public static KernelDataplane detached(DataplaneConfig config) {
    Platform.check();
    try {
      return load(config);
    } catch (NativeException e) {
      throw new LoadBalancerException("cannot load the program: " + e.getMessage(), e);
    }
  }

  /**
   * Loads the program and attaches it to an interface, by which all packets pass until there are
   * VIPs.
   *
   * @param interfaceName in the calling thread's network namespace
   */
  public static KernelDataplane attached(
      DataplaneConfig config, String interfaceName, AttachMode mode) {
    Platform.check();
    XdpInterface ingress = XdpInterface.find(interfaceName);
    KernelDataplane dataplane = detached(config);
    try {
      dataplane.link = ingress.attach(dataplane.program, mode);
      dataplane.ifindex = ingress.ifindex();
      return dataplane;
    } catch (RuntimeException | Error e) {
      dataplane.close();
      throw e;
    }
  }

  private static KernelDataplane load(DataplaneConfig config) {
    BpfObject object = BpfObject.open("katran", BpfPrograms.balancer());
    try {
      configure(object, config);
      object.load();
      return new KernelDataplane(config, object);
    } catch (RuntimeException | Error e) {
      object.close();
      throw e;
    }
  }

  private static void configure(BpfObject object, DataplaneConfig config) {
    MemorySegment constants = object.constants(".rodata.config");
    katran_balancer_config.ring_size(constants, config.ringSize());
    katran_balancer_config.hash_seed_v4(constants, config.maxVips() * config.ringSize());
    katran_balancer_config.hash_seed_v6(constants, config.maxVips());
    katran_balancer_config.max_packet_size(constants, config.maxPacketSize());
    katran_balancer_config.counters_per_cpu(constants, countersPerCpu(config));
    katran_balancer_config.first_backend_counter(constants, firstBackendCounter(config));
    katran_balancer_config.answer_too_big(constants, config.answerTooBig() ? 1 : 0);
    configureGue(constants, config.gue());
    // a VIP may have one more entry, for pings
    object.map("vips").maxEntries(2 * ROOM * config.maxVips());
    object.map("rings").maxEntries(ROOM * config.maxVips());
    object.map("rings").innerMaxEntries(ringLines(config));
    object.map("backends").maxEntries(backendNumbers(config));
    object.map("counters").maxEntries(countersPerCpu(config) * BpfMap.possibleCpus());
    object.program("balancer").logLevel(BpfConstants.BPF_LOG_STATS);
  }

  private static void configureGue(MemorySegment constants, GueConfig gue) {
    katran_balancer_config.gue(constants, gue.isUsed() ? 1 : 0);
    katran_balancer_config.gue_port(constants, gue.port());
    if (gue.sourceV4() != null) {
      Abi.writeAddress(katran_balancer_config.gue_source_v4(constants), gue.sourceV4());
    }
    if (gue.sourceV6() != null) {
      Abi.writeAddress(katran_balancer_config.gue_source_v6(constants), gue.sourceV6());
    }
  }

  private static int ringLines(DataplaneConfig config) {
    return Math.ceilDiv(config.ringSize(), Katran.KATRAN_SLOTS_PER_LINE());
  }

  private static int backendNumbers(DataplaneConfig config) {
    return ROOM * config.maxBackends() + 1;
  }

  private static int firstBackendCounter(DataplaneConfig config) {
    return Katran.KATRAN_FIRST_VIP_COUNTER() + ROOM * config.maxVips();
  }

  /** A multiple of what fits a cache line, so that CPUs do not share one. */
  private static int countersPerCpu(DataplaneConfig config) {
    int perLine = 64 / (int) katran_counter.sizeof();
    return Math.ceilDiv(firstBackendCounter(config) + backendNumbers(config), perLine) * perLine;
  }

  /** The index of the interface; 0 if there is none. */
  public int interfaceIndex() {
    return ifindex;
  }

  @Override
  public void putVip(VipKey key, VipEntry entry) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment nativeKey = arena.allocate(katran_vip_key.layout());
      MemorySegment value = arena.allocate(katran_vip.layout());
      Abi.writeVipKey(nativeKey, key);
      Abi.writeVip(value, entry);
      vips.update(nativeKey, value, BpfConstants.BPF_ANY);
    }
  }

  @Override
  public void removeVip(VipKey key) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment nativeKey = arena.allocate(katran_vip_key.layout());
      Abi.writeVipKey(nativeKey, key);
      vips.delete(nativeKey);
    }
  }

  @Override
  public void answerPing(InetAddress address, boolean answer) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment nativeKey = arena.allocate(katran_vip_key.layout());
      Abi.writeVipKey(nativeKey, address, 0, icmpOf(address));
      if (answer) {
        vips.update(nativeKey, arena.allocate(katran_vip.layout()), BpfConstants.BPF_ANY);
      } else {
        vips.delete(nativeKey);
      }
    }
  }

  private static int icmpOf(InetAddress address) {
    return address instanceof Inet4Address ? IPPROTO_ICMP : IPPROTO_ICMPV6;
  }

  @Override
  public void putRing(int vip, int[] slots) {
    if (slots.length != config.ringSize()) {
      throw new IllegalArgumentException(
          "a ring of %d slots, not of %d".formatted(slots.length, config.ringSize()));
    }
    try (BpfMap ring =
            BpfMap.create(
                BpfConstants.BPF_MAP_TYPE_ARRAY,
                "ring",
                Integer.BYTES,
                (int) katran_ring_line.sizeof(),
                ringLines(config),
                BpfConstants.BPF_F_MMAPABLE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment.copy(slots, 0, ring.mmap(), ValueLayout.JAVA_INT, 0, slots.length);
      long memory = ring.kernelMemory();
      rings.updateInner(arena.allocateFrom(ValueLayout.JAVA_INT, vip), ring);
      ringMemory.put(vip, memory);
    }
  }

  @Override
  public void removeRing(int vip) {
    try (Arena arena = Arena.ofConfined()) {
      rings.delete(arena.allocateFrom(ValueLayout.JAVA_INT, vip));
      ringMemory.remove(vip);
    }
  }

  @Override
  public void putBackend(int number, BackendEntry entry) {
    Abi.publishBackend(backend(number), entry);
  }

  @Override
  public void removeBackend(int number) {
    Abi.clearBackend(backend(number));
  }

  private MemorySegment backend(int number) {
    return backends.asSlice(number * katran_backend.sizeof(), katran_backend.sizeof());
  }

  @Override
  public Count count(Counter counter) {
    return counters.read(indexOf(counter));
  }

  @Override
  public void clear(Counter counter) {
    counters.clear(indexOf(counter));
  }

  private int indexOf(Counter counter) {
    return switch (counter) {
      case Counter.Total total ->
          switch (total) {
            case TX -> Katran.KATRAN_TX();
            case DROP -> Katran.KATRAN_DROP();
            case PASS -> Katran.KATRAN_PASS();
          };
      case Counter.OfVip vip -> Katran.KATRAN_FIRST_VIP_COUNTER() + vip.number();
      case Counter.OfBackend backend -> firstBackendCounter(config) + backend.number();
    };
  }

  @Override
  public Simulation run(byte[] frame) {
    return SimulatedFrame.run(program, frame);
  }

  @Override
  public Footprint footprint() {
    long memory =
        program.kernelMemory()
            + maps.stream().mapToLong(BpfMap::kernelMemory).sum()
            + ringMemory.values().stream().mapToLong(Long::longValue).sum();
    Duration verification =
        program.verifierStatistics().map(VerifierStatistics::time).orElse(Duration.ZERO);
    return new Footprint(memory, program.info().instructions(), verification);
  }

  @Override
  public void close() {
    if (link != null) {
      link.close();
    }
    object.close();
  }
}
