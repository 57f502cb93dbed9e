package dev.katran.internal.dataplane.kernel;

import dev.katran.AttachMode;
import dev.katran.Count;
import dev.katran.TunnelKind;
import dev.katran.bpf.BpfPrograms;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_address;
import dev.katran.bpf.generated.katran_decap_config;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.NativeException;
import dev.katran.internal.dataplane.AddressFilter;
import dev.katran.internal.dataplane.DecapsulationProgram;
import dev.katran.internal.dataplane.DecapsulationRules;
import dev.katran.internal.dataplane.InterfaceState;
import dev.katran.internal.platform.LoadFailure;
import dev.katran.internal.platform.PlatformCheck;
import dev.katran.internal.platform.XdpInterface;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.concurrent.locks.ReentrantLock;

/** A running decapsulator: the program {@code decap.bpf.c} and its maps. */
public final class KernelDecapsulator implements DecapsulationProgram {

  private final BpfObject object;
  private final FilterMap sources;
  private final FilterMap inner;
  private final MappedCounters counters;
  private final XdpAttachment attachment;

  private KernelDecapsulator(
      BpfObject object,
      FilterMap sources,
      FilterMap inner,
      MappedCounters counters,
      XdpAttachment attachment) {
    this.object = object;
    this.sources = sources;
    this.inner = inner;
    this.counters = counters;
    this.attachment = attachment;
  }

  /**
   * Loads the program and attaches it.
   *
   * @param interfaceName an interface of the calling thread's network namespace
   */
  public static KernelDecapsulator open(
      String interfaceName, AttachMode mode, DecapsulationRules rules) {
    PlatformCheck.check();
    NativeAccess.check();
    XdpInterface ingress = XdpInterface.find(interfaceName);
    BpfObject object = load(rules);
    try {
      return attached(object, rules, ingress, mode);
    } catch (RuntimeException | Error e) {
      object.close();
      throw e;
    }
  }

  private static KernelDecapsulator attached(
      BpfObject object, DecapsulationRules rules, XdpInterface ingress, AttachMode mode) {
    FilterMap sources = FilterMap.fill(object.map("sources"), rules.sources());
    try {
      FilterMap inner = FilterMap.fill(object.map("inner_prefixes"), rules.inner());
      try {
        MappedCounters counters =
            new MappedCounters(object.map("counters"), Katran.KATRAN_DECAP_COUNTERS());
        XdpAttachment attachment =
            XdpAttachment.open(
                ingress,
                new LinkHook(mode, MapPins.NONE, ""),
                (index, mac) -> object.program("decap"),
                MapPins.NONE,
                new ReentrantLock());
        return new KernelDecapsulator(object, sources, inner, counters, attachment);
      } catch (RuntimeException | Error e) {
        inner.close();
        throw e;
      }
    } catch (RuntimeException | Error e) {
      sources.close();
      throw e;
    }
  }

  private static BpfObject load(DecapsulationRules rules) {
    try {
      BpfObject object =
          BpfObject.load("katran", BpfPrograms.decap(), fresh -> configure(fresh, rules));
      try {
        rules.destinations().forEach(each -> addDestination(object.map("destinations"), each));
        return object;
      } catch (RuntimeException | Error e) {
        object.close();
        throw e;
      }
    } catch (NativeException e) {
      throw LoadFailure.explain("cannot load the decapsulator", e);
    }
  }

  private static void configure(BpfObject object, DecapsulationRules rules) {
    boolean onlyListed = !rules.destinations().isEmpty();
    MemorySegment constants = object.constants(".rodata.config");
    katran_decap_config.gue_port(constants, rules.guePort());
    katran_decap_config.only_listed(constants, onlyListed ? 1 : 0);
    katran_decap_config.any_source(constants, acceptsAll(rules.sources()) ? 1 : 0);
    katran_decap_config.any_inner(constants, acceptsAll(rules.inner()) ? 1 : 0);
    object.map("destinations").autocreate(onlyListed);
    object.map("destinations").maxEntries(Math.max(1, rules.destinations().size()));
    FilterMap.prepare(object.map("sources"), rules.sources());
    FilterMap.prepare(object.map("inner_prefixes"), rules.inner());
    object.map("counters").maxEntries(Katran.KATRAN_DECAP_COUNTERS() * BpfMap.possibleCpus());
  }

  private static boolean acceptsAll(AddressFilter filter) {
    return filter instanceof AddressFilter.Any;
  }

  private static void addDestination(BpfMap map, InetAddress address) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(katran_address.layout());
      Abi.writeAddress(key, address);
      map.update(key, arena.allocate(ValueLayout.JAVA_BYTE), BpfConstants.BPF_ANY);
    }
  }

  @Override
  public Count count(TunnelKind kind) {
    return counters.read(
        switch (kind) {
          case IPIP -> Katran.KATRAN_DECAP_IPIP();
          case IPV6_IN_IPV4 -> Katran.KATRAN_DECAP_6IN4();
          case IPV4_IN_IPV6 -> Katran.KATRAN_DECAP_4IN6();
          case IPV6_IN_IPV6 -> Katran.KATRAN_DECAP_6IN6();
          case GUE -> Katran.KATRAN_DECAP_GUE();
        });
  }

  @Override
  public Count passed() {
    return counters.read(Katran.KATRAN_DECAP_PASS());
  }

  @Override
  public Count congested() {
    return counters.read(Katran.KATRAN_DECAP_CONGESTED());
  }

  @Override
  public InterfaceState attachment() {
    return attachment.state();
  }

  @Override
  public void refresh() {
    sources.refresh();
    inner.refresh();
  }

  @Override
  public void close() {
    attachment.close();
    sources.close();
    inner.close();
    object.close();
  }
}
