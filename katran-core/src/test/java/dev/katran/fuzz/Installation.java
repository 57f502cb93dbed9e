package dev.katran.fuzz;

import dev.katran.Encapsulation;
import dev.katran.Prefix;
import dev.katran.VipKey;
import dev.katran.dataplane.BackendEntry;
import dev.katran.dataplane.Destination;
import dev.katran.dataplane.DownKey;
import dev.katran.dataplane.Features;
import dev.katran.dataplane.VipEntry;
import java.net.InetAddress;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What operations have put into a dataplane. */
final class Installation {

  private final Map<VipKey, VipEntry> vips = new HashMap<>();
  private final Map<Integer, BackendEntry> backends = new HashMap<>();
  private final Set<Destination> pings = new HashSet<>();
  private final Map<Integer, Slots> rings = new HashMap<>();
  private final Set<Integer> changingRings = new HashSet<>();
  private final MapTable<Integer> serverIds = new MapTable<>();
  private final MapTable<Prefix> sourceRoutes = new MapTable<>();
  private final MapTable<DownKey> down = new MapTable<>();
  private final MapTable<InetAddress> tunnelEnds = new MapTable<>();
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
      case Operation.PutRing(int vip, Slots slots) -> {
        rings.put(vip, slots);
        changingRings.remove(vip);
      }
      case Operation.ChangeRing(int vip, Slots slots, long seed, ChangeStage stage) -> {
        rings.put(vip, slots);
        changingRings.add(vip);
      }
      case Operation.RemoveRing(int vip) -> {
        rings.remove(vip);
        changingRings.remove(vip);
      }
      case Operation.ServerIds(TableEdit<Integer> edit) -> edit.applyTo(serverIds);
      case Operation.SourceRoutes(TableEdit<Prefix> edit) -> edit.applyTo(sourceRoutes);
      case Operation.Down(TableEdit<DownKey> edit) -> edit.applyTo(down);
      case Operation.TunnelEnds(TableEdit<InetAddress> edit) -> edit.applyTo(tunnelEnds);
      default -> {
        // puts nothing anywhere
      }
    }
  }

  Map<VipKey, VipEntry> vips() {
    return vips;
  }

  Map<Integer, BackendEntry> backends() {
    return backends;
  }

  /** The rings of VIPs, by their numbers. */
  Map<Integer, Slots> rings() {
    return rings;
  }

  Map<Integer, Integer> serverIds() {
    return serverIds.entries();
  }

  Map<Prefix, Integer> sourceRoutes() {
    return sourceRoutes.entries();
  }

  Set<DownKey> down() {
    return down.entries().keySet();
  }

  Map<InetAddress, Integer> tunnelEnds() {
    return tunnelEnds.entries();
  }

  /** Whom pings are answered for. */
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
    return new Features(flags, gue, prefixes, !changingRings.isEmpty());
  }
}
