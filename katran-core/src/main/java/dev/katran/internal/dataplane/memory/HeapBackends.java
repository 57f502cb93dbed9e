package dev.katran.internal.dataplane.memory;

import dev.katran.Forwarding;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.BackendTable;
import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.Hop;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The backends, by index. */
final class HeapBackends implements BackendTable {

  /** A {@link BackendEntry} with its address in the format of packets. */
  record Entry(
      Address address,
      int port,
      Forwarding forwarding,
      boolean local,
      @Nullable Hop hop,
      int room) {}

  private final Map<Integer, Entry> backends = new ConcurrentHashMap<>();

  @Override
  public void put(int index, BackendEntry entry) {
    backends.put(
        index,
        new Entry(
            Address.of(entry.address()),
            entry.port(),
            entry.forwarding(),
            entry.local(),
            entry.hop(),
            entry.room()));
  }

  @Override
  public void remove(int index) {
    backends.remove(index);
  }

  @Override
  public @Nullable Hop hop(int index, BackendEntry backend) {
    Entry installed = backends.get(index);
    return installed == null ? null : installed.hop();
  }

  @Override
  public void retain(Set<Integer> indices) {
    backends.keySet().retainAll(indices);
  }

  /** Returns the backend with an index, or null. */
  @Nullable Entry get(int index) {
    return backends.get(index);
  }

  /** Returns whether the backend with an index was removed. Flow entries may outlive theirs. */
  boolean isGone(int index) {
    return !backends.containsKey(index);
  }
}
