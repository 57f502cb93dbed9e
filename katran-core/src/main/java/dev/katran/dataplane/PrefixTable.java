package dev.katran.dataplane;

import java.util.Comparator;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.jspecify.annotations.Nullable;

/**
 * Values of prefixes, of which the longest that an address is in is found. One hash table for each
 * length, so that a search costs as many look-ups as there are lengths in use, however many
 * prefixes there are.
 */
final class PrefixTable<V> {

  private static final int LONGEST_V4 = 32;
  private static final int LONGEST_V6 = 128;

  private final ConcurrentNavigableMap<Integer, ConcurrentMap<Address, V>> longestFirst =
      new ConcurrentSkipListMap<>(Comparator.reverseOrder());

  /** Adds a prefix, or gives it another value. */
  void put(Address first, int length, V value) {
    longestFirst
        .computeIfAbsent(length, absent -> new ConcurrentHashMap<>())
        .put(first.prefix(length), value);
  }

  /** Removes a prefix if it is there. */
  void remove(Address first, int length) {
    ConcurrentMap<Address, V> ofLength = longestFirst.get(length);
    if (ofLength != null) {
      ofLength.remove(first.prefix(length));
    }
  }

  /** The value of the longest prefix that the address is in; null if it is in none. */
  @Nullable V find(Address address) {
    int longest = address.isIpv6() ? LONGEST_V6 : LONGEST_V4;
    for (var ofLength : longestFirst.tailMap(longest, true).entrySet()) {
      V value = ofLength.getValue().get(address.prefix(ofLength.getKey()));
      if (value != null) {
        return value;
      }
    }
    return null;
  }
}
