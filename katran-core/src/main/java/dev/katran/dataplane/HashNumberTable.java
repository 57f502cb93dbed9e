package dev.katran.dataplane;

import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A table of numbers on the heap.
 *
 * @param <K> what the entries are written by
 * @param <P> what packets look them up by
 */
final class HashNumberTable<K, P> implements NumberTable<K> {

  private final Function<K, P> keyOfPackets;
  private volatile Map<P, Integer> numbers = new ConcurrentHashMap<>();

  HashNumberTable(Function<K, P> keyOfPackets) {
    this.keyOfPackets = keyOfPackets;
  }

  @Nullable Integer get(P key) {
    return numbers.get(key);
  }

  boolean contains(P key) {
    return numbers.containsKey(key);
  }

  @Override
  public void put(Map<K, Integer> entries) {
    entries.forEach((key, number) -> numbers.put(keyOfPackets.apply(key), number));
  }

  @Override
  public void remove(Set<K> keys) {
    keys.forEach(key -> numbers.remove(keyOfPackets.apply(key)));
  }

  @Override
  public void replace(Map<K, Integer> entries) {
    Map<P, Integer> replacement = new ConcurrentHashMap<>();
    entries.forEach((key, number) -> replacement.put(keyOfPackets.apply(key), number));
    numbers = replacement;
  }
}
