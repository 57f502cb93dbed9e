package dev.katran.internal.control;

import com.google.common.cache.Cache;
import com.google.common.cache.CacheBuilder;
import dev.katran.Backend;
import dev.katran.Limits;
import dev.katran.Ring;
import dev.katran.RingAlgorithm;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The rings in use, so that VIPs with the same backends share one: a ring takes 128 KiB and a
 * millisecond. Thread-safe.
 */
final class RingCache {

  /** What a ring depends on; the order of the backends does not matter. */
  record Key(RingAlgorithm algorithm, Set<Backend> backends) {

    static Key of(RingAlgorithm algorithm, List<Backend> backends) {
      return new Key(algorithm, Set.copyOf(backends));
    }
  }

  private final Limits limits;
  private final Cache<Key, Ring> rings = CacheBuilder.newBuilder().weakValues().build();

  RingCache(Limits limits) {
    this.limits = limits;
  }

  /** Returns a ring if it is in use. */
  @Nullable Ring find(Key key) {
    return rings.getIfPresent(key);
  }

  /** Builds a ring, unless it is in use. */
  Ring get(Key key) {
    Ring existing = rings.getIfPresent(key);
    if (existing != null) {
      return existing;
    }
    Ring built = Ring.of(limits, key.algorithm(), List.copyOf(key.backends()));
    Ring raced = rings.asMap().putIfAbsent(key, built);
    return raced == null ? built : raced;
  }
}
