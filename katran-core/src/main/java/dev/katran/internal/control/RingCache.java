package dev.katran.internal.control;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import com.google.common.collect.Interner;
import com.google.common.collect.Interners;
import com.google.common.primitives.ImmutableIntArray;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Limits;
import dev.katran.Ring;
import dev.katran.RingAlgorithm;
import dev.katran.internal.dataplane.RingBackends;
import dev.katran.internal.dataplane.RingSlots;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ToIntFunction;
import java.util.stream.Collectors;

/**
 * The rings in use. VIPs with the same backends share one. A ring takes 128 KiB and a millisecond,
 * so it is kept only while it is needed, and built again from its {@link Key}, which takes some
 * hundred bytes. Thread-safe.
 */
final class RingCache {

  /** The number of rings that are kept although nothing uses them. */
  private static final int KEPT = 16;

  /**
   * What a ring depends on: the backends that take new flows, in any order. Only {@link #key}
   * creates keys, so that equal keys are identical while they are in use.
   */
  record Key(RingAlgorithm algorithm, Set<Backend> backends) {

    /** Returns whether the ring has slots for a backend. */
    boolean contains(BackendKey backend) {
      return backends.stream().anyMatch(each -> each.key().equals(backend));
    }
  }

  private final Limits limits;
  private final Interner<Key> keys = Interners.newWeakInterner();
  private final Cache<Key, Ring> inUse = CacheBuilder.newBuilder().weakValues().build();
  private final Cache<Key, Ring> recent = CacheBuilder.newBuilder().maximumSize(KEPT).build();
  private final Cache<RingSlots, RingState> stable = CacheBuilder.newBuilder().weakValues().build();

  RingCache(Limits limits) {
    this.limits = limits;
  }

  /** Returns the key of the ring of some backends. */
  Key key(RingAlgorithm algorithm, List<Backend> backends) {
    return keys.intern(
        new Key(
            algorithm,
            backends.stream()
                .filter(Backend::takesNewFlows)
                .collect(Collectors.toUnmodifiableSet())));
  }

  /** Builds a ring, unless it is in use. */
  Ring get(Key key) {
    Ring existing = inUse.getIfPresent(key);
    if (existing != null) {
      return existing;
    }
    Ring built = Ring.of(limits, key.algorithm(), List.copyOf(key.backends()));
    Ring raced = inUse.asMap().putIfAbsent(key, built);
    Ring ring = raced == null ? built : raced;
    recent.put(key, ring);
    return ring;
  }

  /** Builds rings, unless they are in use, on all CPUs. */
  Map<Key, Ring> getAll(Set<Key> missing) {
    return missing.parallelStream().collect(Collectors.toConcurrentMap(key -> key, this::get));
  }

  /**
   * Returns a ring in the dataplane whose slots are all stable. VIPs with equal rings get the same.
   *
   * @param number returns the index of a backend
   */
  RingState stable(Key key, ToIntFunction<BackendKey> number) {
    ImmutableIntArray numbers =
        ImmutableIntArray.copyOf(
            key.backends().stream().mapToInt(backend -> number.applyAsInt(backend.key())));
    RingSlots slots = RingSlots.stable(new Numbered(this, key, numbers));
    RingState created = RingState.stable(slots);
    RingState existing = stable.asMap().putIfAbsent(slots, created);
    return existing == null ? created : existing;
  }

  /** A ring and the indices of its backends in the dataplane, in the order of its key. */
  private record Numbered(RingCache rings, Key key, ImmutableIntArray numbers)
      implements RingSlots.Definition {

    @Override
    public int size() {
      return rings.limits.ringSize();
    }

    @Override
    public boolean isEmpty() {
      return key.backends().isEmpty();
    }

    @Override
    public RingBackends compute() {
      Map<Backend, Integer> byBackend = new HashMap<>();
      int next = 0;
      for (Backend backend : key.backends()) {
        byBackend.put(backend, numbers.get(next++));
      }
      Ring ring = rings.get(key);
      if (ring.isEmpty()) {
        return new RingBackends(new int[1], new char[size()]);
      }
      int[] table = ring.backends().stream().mapToInt(byBackend::get).toArray();
      return new RingBackends(table, ring.toPositions());
    }
  }
}
