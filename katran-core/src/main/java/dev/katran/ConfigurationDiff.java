package dev.katran;

import com.google.common.collect.ImmutableMap;
import com.google.common.collect.ImmutableSortedMap;
import com.google.common.collect.ImmutableSortedSet;
import com.google.common.collect.Maps;
import dev.katran.internal.configuration.Order;
import dev.katran.internal.net.Addresses;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;

/**
 * What changes from one {@link Configuration} to another, see {@link Configuration#diff}.
 * Immutable. All that it lists is in the order of addresses and numbers.
 *
 * @since 0.1.0
 */
public final class ConfigurationDiff {

  private final Entries<VipKey, Vip> vips;
  private final Entries<Integer, Backend> serverIds;
  private final Entries<Prefix, Backend> sourceRoutes;
  private final Entries<InetAddress, TunnelEndpoint> tunnelEndpoints;
  private final ImmutableSortedMap<VipKey, Set<BackendKey>> markedDown;
  private final ImmutableSortedMap<VipKey, Set<BackendKey>> markedUp;
  private final Optional<VipKey> watchedBefore;
  private final Optional<VipKey> watchedAfter;

  ConfigurationDiff(Configuration before, Configuration after) {
    vips = new Entries<>(before.vipsByKey(), after.vipsByKey(), Order.VIP_KEYS);
    serverIds = new Entries<>(before.serverIds(), after.serverIds(), Comparator.naturalOrder());
    sourceRoutes = new Entries<>(before.sourceRoutes(), after.sourceRoutes(), Order.PREFIXES);
    tunnelEndpoints =
        new Entries<>(before.tunnelEndpoints(), after.tunnelEndpoints(), Order.ADDRESSES);
    markedDown = marksOnlyIn(after, before);
    markedUp = marksOnlyIn(before, after);
    watchedBefore = before.watched();
    watchedAfter = after.watched();
  }

  private static ImmutableSortedMap<VipKey, Set<BackendKey>> marksOnlyIn(
      Configuration one, Configuration other) {
    ImmutableSortedMap.Builder<VipKey, Set<BackendKey>> only =
        new ImmutableSortedMap.Builder<>(Order.VIP_KEYS);
    one.downBackends()
        .forEach((vip, backends) -> {
          Set<BackendKey> known = other.downBackends().getOrDefault(vip, Set.of());
          ImmutableSortedSet<BackendKey> marks =
              backends.stream()
                  .filter(each -> !known.contains(each))
                  .collect(ImmutableSortedSet.toImmutableSortedSet(Order.BACKEND_KEYS));
          if (!marks.isEmpty()) {
            only.put(vip, marks);
          }
        });
    return only.build();
  }

  /** Returns whether nothing changes, that is, whether the configurations are equal. */
  public boolean isEmpty() {
    return vips.isEmpty()
        && serverIds.isEmpty()
        && sourceRoutes.isEmpty()
        && tunnelEndpoints.isEmpty()
        && markedDown.isEmpty()
        && markedUp.isEmpty()
        && watchedBefore.equals(watchedAfter);
  }

  /** Returns what changes of the VIPs. */
  public Entries<VipKey, Vip> vips() {
    return vips;
  }

  /** Returns what changes of the server ids. */
  public Entries<Integer, Backend> serverIds() {
    return serverIds;
  }

  /** Returns what changes of the source routes. */
  public Entries<Prefix, Backend> sourceRoutes() {
    return sourceRoutes;
  }

  /** Returns what changes of the tunnel endpoints. */
  public Entries<InetAddress, TunnelEndpoint> tunnelEndpoints() {
    return tunnelEndpoints;
  }

  /** Returns the backends that are marked down and were not, by VIP. */
  public Map<VipKey, Set<BackendKey>> markedDown() {
    return markedDown;
  }

  /** Returns the backends that were marked down and no longer are, by VIP. */
  public Map<VipKey, Set<BackendKey>> markedUp() {
    return markedUp;
  }

  /** Returns the VIP that was watched. */
  public Optional<VipKey> watchedBefore() {
    return watchedBefore;
  }

  /** Returns the VIP that is watched. */
  public Optional<VipKey> watchedAfter() {
    return watchedAfter;
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof ConfigurationDiff other
        && vips.equals(other.vips)
        && serverIds.equals(other.serverIds)
        && sourceRoutes.equals(other.sourceRoutes)
        && tunnelEndpoints.equals(other.tunnelEndpoints)
        && markedDown.equals(other.markedDown)
        && markedUp.equals(other.markedUp)
        && watchedBefore.equals(other.watchedBefore)
        && watchedAfter.equals(other.watchedAfter);
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        vips,
        serverIds,
        sourceRoutes,
        tunnelEndpoints,
        markedDown,
        markedUp,
        watchedBefore,
        watchedAfter);
  }

  /**
   * Returns a line for each difference, which begins with {@code +} for what is added, {@code -}
   * for what is removed and {@code ~} for what changes; {@code no difference} if there is none.
   *
   * <pre>{@code
   * ~ VIP tcp 203.0.113.10:443 [10.0.0.11] -> tcp 203.0.113.10:443 [10.0.0.11 draining]
   * + server id 7: 10.0.0.11
   * }</pre>
   */
  @Override
  public String toString() {
    List<String> lines = new ArrayList<>();
    vips.addLines(lines, (key, vip) -> "VIP " + vip);
    serverIds.addLines(lines, (id, backend) -> "server id %d: %s".formatted(id, backend));
    sourceRoutes.addLines(lines, (prefix, to) -> "source route %s: %s".formatted(prefix, to));
    tunnelEndpoints.addLines(
        lines, (address, to) -> "tunnel endpoint %s: %s".formatted(Addresses.text(address), to));
    addMarks(lines, "- ", markedUp);
    addMarks(lines, "+ ", markedDown);
    if (!watchedBefore.equals(watchedAfter)) {
      watchedBefore.ifPresent(vip -> lines.add("- watched " + vip));
      watchedAfter.ifPresent(vip -> lines.add("+ watched " + vip));
    }
    return lines.isEmpty() ? "no difference" : String.join("\n", lines);
  }

  private static void addMarks(
      List<String> lines, String sign, Map<VipKey, Set<BackendKey>> marks) {
    marks.forEach((vip, backends) ->
        backends.forEach(backend -> lines.add(sign + "down " + backend + " for " + vip)));
  }

  /**
   * What changes of the VIPs, or of a table. Immutable.
   *
   * @param <K> what entries are found by
   * @param <V> what they hold
   * @since 0.1.0
   */
  public static final class Entries<K, V> {

    private final ImmutableSortedMap<K, V> added;
    private final ImmutableSortedMap<K, V> removed;
    private final ImmutableSortedMap<K, Change<V>> changed;

    private Entries(Map<K, V> before, Map<K, V> after, Comparator<K> order) {
      added = sorted(Maps.filterKeys(after, key -> !before.containsKey(key)), order);
      removed = sorted(Maps.filterKeys(before, key -> !after.containsKey(key)), order);
      ImmutableMap.Builder<K, Change<V>> differing = ImmutableMap.builder();
      before.forEach((key, old) -> {
        V value = after.get(key);
        if (value != null && !value.equals(old)) {
          differing.put(key, new Change<>(old, value));
        }
      });
      changed = sorted(differing.buildOrThrow(), order);
    }

    private static <K, T> ImmutableSortedMap<K, T> sorted(Map<K, T> entries, Comparator<K> order) {
      return ImmutableSortedMap.copyOf(entries, order);
    }

    /** Returns whether nothing changes. */
    public boolean isEmpty() {
      return added.isEmpty() && removed.isEmpty() && changed.isEmpty();
    }

    /** Returns what is there afterwards and was not there before. */
    public Map<K, V> added() {
      return added;
    }

    /** Returns what was there before and is not there afterwards. */
    public Map<K, V> removed() {
      return removed;
    }

    /** Returns what is there before and afterwards, but differs. */
    public Map<K, Change<V>> changed() {
      return changed;
    }

    private void addLines(List<String> lines, Line<K, V> line) {
      removed.forEach((key, value) -> lines.add("- " + line.of(key, value)));
      added.forEach((key, value) -> lines.add("+ " + line.of(key, value)));
      changed.forEach((key, change) ->
          lines.add("~ " + line.of(key, change.before()) + " -> " + change.after()));
    }

    @Override
    public boolean equals(Object object) {
      return object instanceof Entries<?, ?> other
          && added.equals(other.added)
          && removed.equals(other.removed)
          && changed.equals(other.changed);
    }

    @Override
    public int hashCode() {
      return Objects.hash(added, removed, changed);
    }

    /** Returns the entries, as in {@code added {...}, removed {...}, changed {...}}. */
    @Override
    public String toString() {
      return "added %s, removed %s, changed %s".formatted(added, removed, changed);
    }
  }

  private interface Line<K, V> {
    String of(K key, V value);
  }

  /**
   * A value that changes.
   *
   * @param before the old value
   * @param after the new value
   * @param <V> the type of the value
   * @since 0.1.0
   */
  public record Change<V>(V before, V after) {}
}
