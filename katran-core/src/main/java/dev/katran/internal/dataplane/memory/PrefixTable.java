package dev.katran.internal.dataplane.memory;

import dev.katran.internal.packet.Address;
import java.util.Comparator;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * A longest-prefix-match table; the Java counterpart of {@code BPF_MAP_TYPE_LPM_TRIE}. It has one
 * hash table per prefix length, so a search costs one lookup per length in use, regardless of the
 * number of prefixes.
 */
final class PrefixTable<V> {

  private static final int BITS_V4 = 32;
  private static final int BITS_V6 = 128;

  private final ConcurrentNavigableMap<Integer, ConcurrentMap<Address, V>> longestFirst =
      new ConcurrentSkipListMap<>(Comparator.reverseOrder());

  /** Inserts a prefix or replaces its value. */
  void put(Address first, int length, V value) {
    longestFirst
        .computeIfAbsent(length, absent -> new ConcurrentHashMap<>())
        .put(first.prefix(length), value);
  }

  /** Removes a prefix if it is present. */
  void remove(Address first, int length) {
    ConcurrentMap<Address, V> ofLength = longestFirst.get(length);
    if (ofLength != null) {
      ofLength.remove(first.prefix(length));
    }
  }

  /** Returns the value of the longest prefix that contains an address, or null. */
  @Nullable V find(Address address) {
    int longest = address.isIpv6() ? BITS_V6 : BITS_V4;
    for (var ofLength : longestFirst.tailMap(longest, true).entrySet()) {
      V value = ofLength.getValue().get(address.prefix(ofLength.getKey()));
      if (value != null) {
        return value;
      }
    }
    return null;
  }
}
