package dev.katran.internal.control;

import com.google.common.collect.ImmutableMap;
import java.util.AbstractMap;
import java.util.AbstractSet;
import java.util.Iterator;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A read-only view of a map that may be replaced by another one. An iteration sees the entries of
 * the time at which it began.
 *
 * @param <K> the type of keys
 * @param <V> the type of values
 */
final class CurrentEntries<K, V> extends AbstractMap<K, V> {

  private final Supplier<Map<K, V>> current;

  CurrentEntries(Supplier<Map<K, V>> current) {
    this.current = current;
  }

  @Override
  public int size() {
    return current.get().size();
  }

  @Override
  public boolean containsKey(@Nullable Object key) {
    return key != null && current.get().containsKey(key);
  }

  @Override
  public @Nullable V get(@Nullable Object key) {
    return key == null ? null : current.get().get(key);
  }

  @Override
  public Set<Map.Entry<K, V>> entrySet() {
    return new AbstractSet<>() {
      @Override
      public int size() {
        return CurrentEntries.this.size();
      }

      @Override
      public Iterator<Map.Entry<K, V>> iterator() {
        return ImmutableMap.copyOf(current.get()).entrySet().iterator();
      }
    };
  }
}
