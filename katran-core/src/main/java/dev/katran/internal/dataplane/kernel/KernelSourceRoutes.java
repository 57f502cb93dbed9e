package dev.katran.internal.dataplane.kernel;

import dev.katran.Prefix;
import dev.katran.internal.dataplane.IndexTable;
import java.net.Inet4Address;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The source routes, in one LPM trie per address family. */
final class KernelSourceRoutes implements IndexTable<Prefix> {

  private final IndexTable<Prefix> ipv4;
  private final IndexTable<Prefix> ipv6;

  KernelSourceRoutes(IndexTable<Prefix> ipv4, IndexTable<Prefix> ipv6) {
    this.ipv4 = ipv4;
    this.ipv6 = ipv6;
  }

  @Override
  public void put(Map<Prefix, Integer> entries) {
    ipv4.put(of(entries, true));
    ipv6.put(of(entries, false));
  }

  @Override
  public void remove(Set<Prefix> keys) {
    Set<Prefix> ipv4Keys = new HashSet<>();
    Set<Prefix> ipv6Keys = new HashSet<>();
    keys.forEach(key -> (isIpv4(key) ? ipv4Keys : ipv6Keys).add(key));
    ipv4.remove(ipv4Keys);
    ipv6.remove(ipv6Keys);
  }

  /**
   * Replaces the tries one after the other. A packet has one family, so it sees the old or the new
   * entries. If replacing the second trie fails, the first one is restored.
   */
  @Override
  public Runnable replace(Map<Prefix, Integer> entries) {
    Runnable undoIpv4 = ipv4.replace(of(entries, true));
    try {
      Runnable undoIpv6 = ipv6.replace(of(entries, false));
      return () -> {
        undoIpv6.run();
        undoIpv4.run();
      };
    } catch (RuntimeException | Error e) {
      undoIpv4.run();
      throw e;
    }
  }

  private static Map<Prefix, Integer> of(Map<Prefix, Integer> entries, boolean wantsIpv4) {
    if (entries.keySet().stream().allMatch(prefix -> isIpv4(prefix) == wantsIpv4)) {
      return entries;
    }
    Map<Prefix, Integer> ofFamily = new HashMap<>();
    entries.forEach((prefix, backend) -> {
      if (isIpv4(prefix) == wantsIpv4) {
        ofFamily.put(prefix, backend);
      }
    });
    return ofFamily;
  }

  private static boolean isIpv4(Prefix prefix) {
    return prefix.address() instanceof Inet4Address;
  }
}
