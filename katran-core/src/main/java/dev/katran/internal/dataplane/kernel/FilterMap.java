package dev.katran.internal.dataplane.kernel;

import com.google.common.collect.ImmutableSet;
import com.google.common.collect.Sets;
import dev.katran.Prefix;
import dev.katran.bpf.generated.katran_decap_prefix_key;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.NativeException;
import dev.katran.internal.dataplane.AddressFilter;
import dev.katran.internal.platform.HostAddresses;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The LPM trie of an {@link AddressFilter}, which has no other writer. Not thread-safe. */
final class FilterMap implements AutoCloseable {

  /** The most addresses of this host. The map takes memory only for those that it contains. */
  private static final int MAX_HOST_ADDRESSES = 1 << 16;

  private final BpfMap map;
  private final @Nullable HostAddresses host;
  private final Set<Prefix> installed = new HashSet<>();

  private FilterMap(BpfMap map, @Nullable HostAddresses host) {
    this.map = map;
    this.host = host;
  }

  /** Sets the map's size before the program is loaded. */
  static void prepare(BpfMap map, AddressFilter filter) {
    switch (filter) {
      case AddressFilter.Any() -> map.autocreate(false);
      case AddressFilter.Listed(ImmutableSet<Prefix> prefixes) ->
          map.maxEntries(Math.max(1, prefixes.size()));
      case AddressFilter.OfHost() -> map.maxEntries(MAX_HOST_ADDRESSES);
    }
  }

  /**
   * Fills the map after the program was loaded.
   *
   * @throws NativeException if the kernel refuses an address or cannot list those of the host
   */
  static FilterMap fill(BpfMap map, AddressFilter filter) {
    boolean ofHost = filter instanceof AddressFilter.OfHost;
    FilterMap filled = new FilterMap(map, ofHost ? HostAddresses.open() : null);
    try {
      if (filter instanceof AddressFilter.Listed listed) {
        filled.replace(listed.prefixes());
      }
      filled.refresh();
      return filled;
    } catch (RuntimeException | Error e) {
      filled.close();
      throw e;
    }
  }

  /** Updates the map to the addresses that the host has now, if the filter depends on them. */
  void refresh() {
    if (host != null) {
      replace(
          host.list().stream()
              .map(address -> Prefix.around(address, 8 * address.getAddress().length))
              .collect(ImmutableSet.toImmutableSet()));
    }
  }

  /** Removes before it adds: the set never contains more than the old or the new one. */
  private void replace(ImmutableSet<Prefix> prefixes) {
    if (installed.equals(prefixes)) {
      return;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment key = arena.allocate(katran_decap_prefix_key.layout());
      MemorySegment value = arena.allocate(ValueLayout.JAVA_BYTE);
      for (Prefix gone : Sets.difference(installed, prefixes).immutableCopy()) {
        Abi.writeDecapPrefix(key, gone);
        map.delete(key);
        installed.remove(gone);
      }
      for (Prefix added : Sets.difference(prefixes, installed).immutableCopy()) {
        Abi.writeDecapPrefix(key, added);
        map.update(key, value, BpfConstants.BPF_ANY);
        installed.add(added);
      }
    }
  }

  @Override
  public void close() {
    if (host != null) {
      host.close();
    }
  }
}
