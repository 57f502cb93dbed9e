package dev.katran.dataplane;

import dev.katran.Prefix;
import java.net.Inet4Address;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** The source routes of both families, each in a trie of its own. */
final class KernelSourceRoutes implements NumberTable<Prefix> {

  private final NumberTable<Prefix> ipv4;
  private final NumberTable<Prefix> ipv6;

  KernelSourceRoutes(NumberTable<Prefix> ipv4, NumberTable<Prefix> ipv6) {
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
   * A packet is of one family, and sees the old table of it or the new one. Should the second fail,
   * the control plane, which knows the old entries, puts those of the first back.
   */
  @Override
  public void replace(Map<Prefix, Integer> entries) {
    ipv4.replace(of(entries, true));
    ipv6.replace(of(entries, false));
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
