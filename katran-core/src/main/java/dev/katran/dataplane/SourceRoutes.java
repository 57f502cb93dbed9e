package dev.katran.dataplane;

import dev.katran.Prefix;
import java.util.Map;
import java.util.Set;

/** The backends that clients of a prefix go to. */
final class SourceRoutes implements NumberTable<Prefix> {

  private volatile PrefixTable<Integer> routes = new PrefixTable<>();

  /** The backend of the longest prefix; {@link Dataplane#NO_BACKEND} if there is none. */
  int backendOf(Address source) {
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
  public void replace(Map<Prefix, Integer> entries) {
    PrefixTable<Integer> replacement = new PrefixTable<>();
    put(replacement, entries);
    routes = replacement;
  }

  private static void put(PrefixTable<Integer> routes, Map<Prefix, Integer> entries) {
    entries.forEach(
        (prefix, backend) -> routes.put(Address.of(prefix.address()), prefix.length(), backend));
  }
}
