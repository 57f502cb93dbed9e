package dev.katran.internal.dataplane.memory;

import dev.katran.Prefix;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.IndexTable;
import dev.katran.internal.packet.Address;
import java.util.Map;
import java.util.Set;

/** The source routes, from client prefixes to backends; {@code source.h} in Java. */
final class SourceRoutes implements IndexTable<Prefix> {

  private volatile PrefixTable<Integer> routes = new PrefixTable<>();

  /**
   * Returns the backend of the longest prefix that contains an address, or {@link
   * Dataplane#NO_BACKEND}.
   */
  int lookup(Address source) {
    Integer backend = routes.find(source);
    return backend == null ? Dataplane.NO_BACKEND : backend;
  }

  @Override
  public void put(Map<Prefix, Integer> entries) {
    put(routes, entries);
  }

  @Override
  public void remove(Set<Prefix> keys) {
    keys.forEach(prefix -> routes.remove(Address.of(prefix.address()), prefix.length()));
  }

  @Override
  public Runnable replace(Map<Prefix, Integer> entries) {
    PrefixTable<Integer> before = routes;
    PrefixTable<Integer> replacement = new PrefixTable<>();
    put(replacement, entries);
    routes = replacement;
    return () -> routes = before;
  }

  private static void put(PrefixTable<Integer> routes, Map<Prefix, Integer> entries) {
    entries.forEach(
        (prefix, backend) -> routes.put(Address.of(prefix.address()), prefix.length(), backend));
  }
}
