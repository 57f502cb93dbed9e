package dev.katran.internal.dataplane;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A map that publishes an immutable copy of itself after each change or after a batch of changes.
 * Single writer: not safe for use by several threads at once.
 */
public final class BatchedMap<K, V> {

  private final Consumer<Map<K, V>> publish;
  private Map<K, V> published = Map.of();
  private Map<K, V> wanted = new HashMap<>();
  private boolean isBatching;

  /**
   * Creates an empty map.
   *
   * @param publish receives an immutable copy after every change. If it throws, the change is
   *     undone
   */
  public BatchedMap(Consumer<Map<K, V>> publish) {
    this.publish = publish;
  }

  /** Inserts or replaces an entry. */
  public void put(K key, V value) {
    wanted.put(key, value);
    publish();
  }

  /** Removes an entry if there is one. */
  public void remove(K key) {
    wanted.remove(key);
    publish();
  }

  /** Runs changes and publishes their result once. If they throw, all of them are undone. */
  public void batch(Runnable changes) {
    isBatching = true;
    try {
      changes.run();
    } catch (RuntimeException | Error e) {
      wanted = new HashMap<>(published);
      throw e;
    } finally {
      isBatching = false;
    }
    publish();
  }

  private void publish() {
    if (isBatching || wanted.equals(published)) {
      return;
    }
    Map<K, V> next = Map.copyOf(wanted);
    try {
      publish.accept(next);
    } catch (RuntimeException | Error e) {
      wanted = new HashMap<>(published);
      throw e;
    }
    published = next;
  }
}
