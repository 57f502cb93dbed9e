package dev.katran.internal.control;

import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.BackendKey;
import dev.katran.Vip;
import dev.katran.VipKey;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What the {@link StateLog} holds: all that cannot be read from the dataplane's own tables. Mutable
 * while records are read.
 */
final class StoredState {

  /**
   * A VIP.
   *
   * @param number its index in the dataplane
   * @param serving the backends that have slots
   * @param idle how long an idle flow counts as open
   * @param window the window of its changing slots; null if it had none
   */
  record StoredVip(
      Vip vip, int number, Set<BackendKey> serving, Duration idle, @Nullable StoredWindow window) {

    StoredVip with(Duration idle, @Nullable StoredWindow window) {
      return new StoredVip(vip, number, serving, idle, window);
    }
  }

  /**
   * The windows of a VIP's changing slots, as one.
   *
   * @param since when the first of them began to change
   * @param until when the last of them settles
   * @param extensions how often a window was extended, at most
   */
  record StoredWindow(Duration since, Duration until, int extensions) {

    StoredWindow later(Duration by) {
      return new StoredWindow(since, until.plus(by), extensions);
    }
  }

  /** A backend that left a VIP, both by index, whose flow table entries may still be there. */
  record Left(int vip, int backend) {}

  final Map<VipKey, StoredVip> vips = new LinkedHashMap<>();
  final Map<BackendKey, Integer> backends = new HashMap<>();
  final Map<String, Map<Object, Object>> tables = new HashMap<>();
  final Set<Left> left = new HashSet<>();
  ImmutableSetMultimap<VipKey, BackendKey> down = ImmutableSetMultimap.of();
  Optional<VipKey> watched = Optional.empty();

  StoredState() {}

  StoredState(StoredState other) {
    vips.putAll(other.vips);
    backends.putAll(other.backends);
    other.tables.forEach((name, entries) -> tables.put(name, new HashMap<>(entries)));
    left.addAll(other.left);
    down = other.down;
    watched = other.watched;
  }

  Map<Object, Object> table(String name) {
    return tables.computeIfAbsent(name, absent -> new HashMap<>());
  }

  /**
   * What is stored, and the change that was in progress.
   *
   * @param committed the state before the change
   * @param next the state after it; null if none was in progress
   * @param changed the VIPs that it changes, whose rings it may have replaced
   * @param places what identified their rings before, by VIP index
   */
  record Replayed(
      StoredState committed,
      @Nullable StoredState next,
      List<VipKey> changed,
      Map<Integer, Long> places) {}
}
