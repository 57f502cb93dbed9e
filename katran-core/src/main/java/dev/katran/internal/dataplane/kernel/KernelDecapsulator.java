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
import dev.katran.ffm.XdpLink;
import dev.katran.internal.dataplane.DecapsulationProgram;
import dev.katran.internal.platform.LoadFailure;
import dev.katran.internal.platform.PlatformCheck;
import dev.katran.internal.platform.XdpInterface;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.util.List;

/** A running decapsulator: the program {@code decap.bpf.c} and its maps. */
public final class KernelDecapsulator implements DecapsulationProgram {

  private final BpfObject object;
  private final MappedCounters counters;
  private final XdpLink link;

  private KernelDecapsulator(BpfObject object, MappedCounters counters, XdpLink link) {
    this.object = object;
    this.counters = counters;
    this.link = link;
  }

  /**
   * Loads the program and attaches it.
   *
   * @param interfaceName an interface of the calling thread's network namespace
   * @param guePort the UDP destination port of GUE, or 0 for no GUE
   * @param destinations the outer destinations to decapsulate, or none for all
   */
  public static KernelDecapsulator open(
      String interfaceName, AttachMode mode, int guePort, List<InetAddress> destinations) {
    PlatformCheck.check();
    NativeAccess.check();
    XdpInterface ingress = XdpInterface.find(interfaceName);
    BpfObject object = load(guePort, destinations);
    try {
      MappedCounters counters =
          new MappedCounters(object.map("counters"), Katran.KATRAN_DECAP_COUNTERS());
      return new KernelDecapsulator(
          object, counters, ingress.attach(object.program("decap"), mode));
    } catch (RuntimeException | Error e) {
      object.close();
      throw e;
    }
  }

  private static BpfObject load(int guePort, List<InetAddress> destinations) {
    try {
      BpfObject object = BpfObject.open("katran", BpfPrograms.decap());
      try {
        MemorySegment constants = object.constants(".rodata.config");
        katran_decap_config.gue_port(constants, guePort);
        katran_decap_config.only_listed(constants, destinations.isEmpty() ? 0 : 1);
        object.map("destinations").autocreate(!destinations.isEmpty());
        object.map("destinations").maxEntries(Math.max(1, destinations.size()));
        object.map("counters").maxEntries(Katran.KATRAN_DECAP_COUNTERS() * BpfMap.possibleCpus());
        object.load();
        destinations.forEach(address -> addDestination(object.map("destinations"), address));
        return object;
      } catch (RuntimeException | Error e) {
        object.close();
        throw e;
      }
    } catch (NativeException e) {
      throw LoadFailure.explain("cannot load the decapsulator", e);
    }
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
  public void close() {
    link.close();
    object.close();
  }
}
