package dev.katran.fuzz;

import dev.katran.Forwarding;
import dev.katran.Prefix;
import dev.katran.VipKey;
import dev.katran.fuzz.invariants.Installed;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.dataplane.VipEntry;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/** The state of a dataplane after a sequence of operations, derived from the operations alone. */
final class InstalledState implements Installed {

  private final Map<VipKey, VipEntry> vips = new HashMap<>();
  private final Map<Integer, BackendEntry> backends = new HashMap<>();
  private final Set<Destination> pings = new HashSet<>();
  private final Map<Integer, Slots> rings = new HashMap<>();
  private final Map<Integer, Set<Integer>> ringBackends = new HashMap<>();
  private final Set<Integer> changingRings = new HashSet<>();
  private final MapTable<Integer> serverIds = new MapTable<>();
  private final MapTable<Prefix> sourceRoutes = new MapTable<>();
  private final MapTable<DownKey> down = new MapTable<>();
  private final MapTable<InetAddress> tunnelEndpoints = new MapTable<>();
  private final MapTable<ReverseKey> reverse = new MapTable<>();
  private final Map<Integer, VipKey> addresses = new HashMap<>();
  private Features used = Features.NONE;

  /** Updates the state by an operation. */
  void apply(Operation operation) {
    switch (operation) {
      case Operation.UseFeatures(Features features) -> used = features;
      case Operation.PutVip(VipKey key, VipEntry entry) -> {
        vips.put(key, entry);
        addresses.put(entry.number(), key);
      }
      case Operation.RemoveVip(VipKey key) -> vips.remove(key);
      case Operation.PutBackend(int number, BackendEntry entry) -> backends.put(number, entry);
      case Operation.RemoveBackend(int number) -> backends.remove(number);
      case Operation.AnswerPings(Destination destination, boolean enabled) -> {
        if (enabled) {
          pings.add(destination);
        } else {
          pings.remove(destination);
        }
      }
      case Operation.PutRing(int vip, Slots slots) -> {
        putRing(vip, slots);
        changingRings.remove(vip);
      }
      case Operation.ChangeRing(int vip, Slots slots, long seed, ChangeStage stage) -> {
        putRing(vip, slots);
        changingRings.add(vip);
      }
      case Operation.RemoveRing(int vip) -> {
        rings.remove(vip);
        ringBackends.remove(vip);
        changingRings.remove(vip);
      }
      case Operation.ServerIds(TableEdit<Integer> edit) -> edit.applyTo(serverIds);
      case Operation.SourceRoutes(TableEdit<Prefix> edit) -> edit.applyTo(sourceRoutes);
      case Operation.DownBackends(TableEdit<DownKey> edit) -> edit.applyTo(down);
      case Operation.Reverse(TableEdit<ReverseKey> edit) -> edit.applyTo(reverse);
      case Operation.TunnelEndpoints(TableEdit<InetAddress> edit) -> edit.applyTo(tunnelEndpoints);
      default -> {
        // does not change the installed state
      }
    }
  }

  private void putRing(int vip, Slots slots) {
    rings.put(vip, slots);
    ringBackends.put(
        vip, Arrays.stream(slots.numbers()).boxed().collect(Collectors.toUnmodifiableSet()));
  }

  @Override
  public Map<VipKey, VipEntry> vips() {
    return vips;
  }

  @Override
  public Map<Integer, BackendEntry> backends() {
    return backends;
  }

  @Override
  public Set<Integer> ring(int vip) {
    return ringBackends.getOrDefault(vip, Set.of());
  }

  @Override
  public boolean isChanging(int vip) {
    return changingRings.contains(vip);
  }

  /** Returns the rings by VIP number. */
  Map<Integer, Slots> rings() {
    return rings;
  }

  @Override
  public Map<Integer, Integer> serverIds() {
    return serverIds.entries();
  }

  @Override
  public Map<Prefix, Integer> sourceRoutes() {
    return sourceRoutes.entries();
  }

  Set<DownKey> down() {
    return down.entries().keySet();
  }

  @Override
  public Map<InetAddress, Integer> tunnelEndpoints() {
    return tunnelEndpoints.entries();
  }

  @Override
  public Map<ReverseKey, Integer> reverse() {
    return reverse.entries();
  }

  @Override
  public Map<Integer, VipKey> addresses() {
    return addresses;
  }

  @Override
  public Set<Destination> pings() {
    return pings;
  }

  @Override
  public Features used() {
    return used;
  }

  /** Returns exactly the features that the installed state needs. */
  Features needed() {
    int flags = vips.values().stream().mapToInt(VipEntry::flags).reduce(0, (a, b) -> a | b);
    boolean prefixes =
        vips.keySet().stream().anyMatch(key -> key.prefix().isPresent())
            || pings.stream().anyMatch(Destination::isPrefix);
    return new Features(
        flags,
        reachesBy(Forwarding.gue()),
        prefixes,
        !changingRings.isEmpty(),
        reachesBy(Forwarding.rewrite()),
        reachesBy(Forwarding.direct()));
  }

  private boolean reachesBy(Forwarding forwarding) {
    return backends.values().stream().anyMatch(backend -> backend.forwarding().equals(forwarding));
  }
}
