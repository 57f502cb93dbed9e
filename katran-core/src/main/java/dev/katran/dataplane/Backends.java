package dev.katran.dataplane;

import dev.katran.Encapsulation;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The rings and the backends they name. */
final class Backends {

  /** A backend as packets need it. */
  record Known(Address address, Encapsulation encapsulation, boolean local, @Nullable Hop hop) {}

  private final DataplaneConfig config;
  private final Map<Integer, RingSlots> rings = new ConcurrentHashMap<>();
  private final Map<Integer, Known> backends = new ConcurrentHashMap<>();

  Backends(DataplaneConfig config) {
    this.config = config;
  }

  void putRing(int vip, RingSlots ring) {
    if (ring.size() != config.ringSize()) {
      throw new IllegalArgumentException(
          "a ring of %d slots, not of %d".formatted(ring.size(), config.ringSize()));
    }
    rings.put(vip, ring);
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

  /** The ring of a VIP; null if it has none. */
  @Nullable RingSlots ring(VipEntry vip) {
    return rings.get(vip.number());
  }
}
