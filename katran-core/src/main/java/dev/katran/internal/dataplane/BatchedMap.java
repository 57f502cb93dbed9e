package dev.katran.internal.dataplane;

import java.util.Map;
import java.util.function.Consumer;
import org.pcollections.HashTreePMap;
import org.pcollections.PMap;

/**
 * A map that publishes itself, immutable, after each change or after a batch of changes. It is
 * persistent: what is published shares all entries but the changed ones with what was before.
 * Single writer: not safe for use by several threads at once.
 */
public final class BatchedMap<K, V> {

  private final Consumer<Map<K, V>> publish;
  private PMap<K, V> published = HashTreePMap.empty();
  private PMap<K, V> wanted = published;
  private boolean isBatching;
  private boolean hasChanged;

  /**
   * Creates an empty map.
   *
   * @param publish receives the immutable map after every change. If it throws, the change is
   *     undone
   */
  public BatchedMap(Consumer<Map<K, V>> publish) {
    this.publish = publish;
  }

  /** Inserts or replaces an entry. */
  public void put(K key, V value) {
    if (!value.equals(wanted.get(key))) {
      wanted = wanted.plus(key, value);
      hasChanged = true;
    }
    publish();
  }

  /** Removes an entry if there is one. */
  public void remove(K key) {
    if (wanted.containsKey(key)) {
      wanted = wanted.minus(key);
      hasChanged = true;
    }
    publish();
  }

  /** Runs changes and publishes their result once. If they throw, all of them are undone. */
  public void batch(Runnable changes) {
    isBatching = true;
    try {
      changes.run();
    } catch (RuntimeException | Error e) {
      undo();
      throw e;
    } finally {
      isBatching = false;
    }
    publish();
  }

  /** Takes changes for published already. */
  public void adopt(Runnable changes) {
    isBatching = true;
    try {
      changes.run();
    } finally {
      isBatching = false;
    }
    published = wanted;
    hasChanged = false;
  }

  /** Publishes the map, whether or not it has changed. */
  public void republish() {
    hasChanged = true;
    publish();
  }

  private void publish() {
    if (isBatching || !hasChanged) {
      return;
    }
    try {
      publish.accept(wanted);
    } catch (RuntimeException | Error e) {
      undo();
      throw e;
    }
    published = wanted;
    hasChanged = false;
  }

  private void undo() {
    wanted = published;
    hasChanged = false;
  }
}
