package dev.katran.dataplane;

import dev.katran.Encapsulation;
import dev.katran.ring.FlowHash;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The rings and the backends they name. */
final class Backends {

  /** A backend as packets need it. */
  record Known(Address address, Encapsulation encapsulation, boolean local, @Nullable Hop hop) {}

  private final DataplaneConfig config;
  private final Map<Integer, int[]> rings = new ConcurrentHashMap<>();
  private final Map<Integer, Known> backends = new ConcurrentHashMap<>();

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
    backends.put(
        number,
        new Known(Address.of(entry.address()), entry.encapsulation(), entry.local(), entry.hop()));
  }

  void remove(int number) {
    backends.remove(number);
  }

  /** The backend with this number; null if there is none. */
  @Nullable Known get(int number) {
    return backends.get(number);
  }

  /** Whether no backend has this number: one that is remembered somewhere is gone. */
  boolean isGone(int number) {
    return !backends.containsKey(number);
  }

  /** Who serves the flow's slot in the VIP's ring; {@link Dataplane#NO_BACKEND} if nobody does. */
  int byRing(VipEntry vip, FiveTuple flow) {
    int[] ring = rings.get(vip.number());
    if (ring == null) {
      return Dataplane.NO_BACKEND;
    }
    FiveTuple hashed =
        vip.has(VipFlags.HASH_DESTINATION_PORT_ONLY)
            ? flow.withSource(flow.source().zero()).withSourcePort(flow.destinationPort())
            : flow;
    return ring[FlowHash.slot(hash(hashed), config.ringSize())];
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
