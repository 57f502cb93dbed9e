package dev.katran.dataplane;

import dev.katran.Encapsulation;
import dev.katran.ring.FlowHash;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The rings and the backends they name: which backend a packet goes to. */
final class Backends {

  /** How a backend is reached whose next hop is known. */
  record Reachable(Address address, Encapsulation encapsulation, Hop hop) {}

  /**
   * A backend that was chosen.
   *
   * @param number of the backend
   * @param flow the packet's, with the source that the encapsulation makes its own of
   */
  record Choice(int number, Reachable backend, FiveTuple flow) {}

  private final DataplaneConfig config;
  private final Map<Integer, int[]> rings = new ConcurrentHashMap<>();
  private final Map<Integer, Reachable> reachable = new ConcurrentHashMap<>();

  Backends(DataplaneConfig config) {
    this.config = config;
  }

  void putRing(int vip, int[] slots) {
    if (slots.length != config.ringSize()) {
      throw new IllegalArgumentException(
          "ring of " + slots.length + " slots, configured for " + config.ringSize());
    }
    rings.put(vip, slots.clone());
  }

  void removeRing(int vip) {
    rings.remove(vip);
  }

  void put(int number, BackendEntry entry) {
    Hop hop = entry.hop();
    if (hop == null) {
      reachable.remove(number);
    } else {
      reachable.put(number, new Reachable(Address.of(entry.address()), entry.encapsulation(), hop));
    }
  }

  void remove(int number) {
    reachable.remove(number);
  }

  /**
   * The flow's backend; null where nobody serves its slot, or the way to who does is not known.
   *
   * <p>For a VIP that hashes the destination port only, the flow has no source address any more, in
   * the encapsulation neither: that is what goes over the wire between balancers and backends.
   */
  @Nullable Choice choose(VipEntry vip, FiveTuple flow) {
    int[] ring = rings.get(vip.number());
    if (ring == null) {
      return null;
    }
    boolean destinationPortOnly = (vip.flags() & VipFlags.HASH_DESTINATION_PORT_ONLY) != 0;
    FiveTuple anonymous = destinationPortOnly ? flow.withSource(flow.source().zero()) : flow;
    FiveTuple hashed =
        destinationPortOnly ? anonymous.withSourcePort(flow.destinationPort()) : flow;
    int number = ring[FlowHash.slot(hash(hashed), config.ringSize())];
    if (number == Dataplane.NO_BACKEND) {
      return null;
    }
    Reachable backend = reachable.get(number);
    return backend == null ? null : new Choice(number, backend, anonymous);
  }

  private int hash(FiveTuple flow) {
    return FlowHash.hash(
        flow.source().toByteArray(),
        flow.sourcePort(),
        flow.destinationPort(),
        config.maxVips(),
        config.ringSize());
  }
}
