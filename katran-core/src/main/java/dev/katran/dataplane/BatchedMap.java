package dev.katran.dataplane;

import java.util.HashMap;
import java.util.Map;
import java.util.function.Consumer;

/**
 * A map that others read a copy of: of each change, or of several together. It belongs to one
 * thread at a time.
 */
final class BatchedMap<K, V> {

  private final Consumer<Map<K, V>> publish;
  private Map<K, V> published = Map.of();
  private Map<K, V> wanted = new HashMap<>();
  private boolean isHeldBack;

  /**
   * An empty map.
   *
   * @param publish is given an immutable copy after every change; if it throws, nothing has changed
   */
  BatchedMap(Consumer<Map<K, V>> publish) {
    this.publish = publish;
  }

  void put(K key, V value) {
    wanted.put(key, value);
    publish();
  }

  void remove(K key) {
    wanted.remove(key);
    publish();
  }

  /** Publishes what the changes make of the map when they are done; if they throw, none is made. */
  void together(Runnable changes) {
    isHeldBack = true;
    try {
      changes.run();
    } catch (RuntimeException | Error e) {
      wanted = new HashMap<>(published);
      throw e;
    } finally {
      isHeldBack = false;
    }
    publish();
  }

  private void publish() {
    if (isHeldBack || wanted.equals(published)) {
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
