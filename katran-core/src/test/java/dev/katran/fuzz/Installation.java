package dev.katran.fuzz;

import dev.katran.Encapsulation;
import dev.katran.VipKey;
import dev.katran.dataplane.BackendEntry;
import dev.katran.dataplane.Destination;
import dev.katran.dataplane.Features;
import dev.katran.dataplane.VipEntry;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What operations have put into a dataplane, as far as features depend on it. */
final class Installation {

  private final Map<VipKey, VipEntry> vips = new HashMap<>();
  private final Map<Integer, BackendEntry> backends = new HashMap<>();
  private final Set<Destination> pings = new HashSet<>();
  private Features used = Features.NONE;

  /** Notes what the operation does. */
  void note(Operation operation) {
    switch (operation) {
      case Operation.Use(Features features) -> used = features;
      case Operation.PutVip(VipKey key, VipEntry entry) -> vips.put(key, entry);
      case Operation.RemoveVip(VipKey key) -> vips.remove(key);
      case Operation.PutBackend(int number, BackendEntry entry) -> backends.put(number, entry);
      case Operation.RemoveBackend(int number) -> backends.remove(number);
      case Operation.Ping(Destination destination, boolean answer) -> {
        if (answer) {
          pings.add(destination);
        } else {
          pings.remove(destination);
        }
      }
      default -> {
        // nothing that a feature is needed for
      }
    }
  }

  Map<VipKey, VipEntry> vips() {
    return vips;
  }

  Map<Integer, BackendEntry> backends() {
    return backends;
  }

  Set<Destination> pings() {
    return pings;
  }

  /** The features that were asked for last. */
  Features used() {
    return used;
  }

  /** The features that all this needs, and no others. */
  Features needed() {
    int flags = vips.values().stream().mapToInt(VipEntry::flags).reduce(0, (a, b) -> a | b);
    boolean gue =
        backends.values().stream()
            .anyMatch(backend -> backend.encapsulation().equals(Encapsulation.gue()));
    boolean prefixes =
        vips.keySet().stream().anyMatch(VipKey::isPrefix)
            || pings.stream().anyMatch(Destination::isPrefix);
    return new Features(flags, gue, prefixes);
  }

  /** Whether all that this needs was asked for. */
  boolean hasWhatItNeeds() {
    return used.and(needed()).equals(used);
  }
}
