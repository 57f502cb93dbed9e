package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.Errno;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Makes the maps of one generation from those of another one, which stay as they are: the program
 * that is attached goes on using them. A map that looks alike in both generations is shared. The
 * others are created anew, and their entries are copied field by field.
 *
 * <p>What packets write, counters and flows, is copied by {@link TrafficCopy}, again and again.
 */
final class MapConversion {

  /** Filled from the configuration when it is opened. */
  private static final Set<String> REFILLED = Set.of("tunnel_v4", "tunnel_v6");

  /** Maps of maps of another size, which only tells when those are looked at. */
  private static final String CPU_FLOWS = "cpu_flow";

  private static final String RING_CHUNKS = "ring_chunks";
  private static final String RING_CHUNK = "ring_chunk_";

  private final MapPins from;
  private final MapPins to;
  private final PinnedLayout before;
  private final PinnedLayout after;
  private final Set<String> converted = new HashSet<>();

  /**
   * Creates a conversion, which has not converted anything yet.
   *
   * @throws dev.katran.internal.failure.Failure if it is not possible
   */
  MapConversion(MapPins from, PinnedLayout before, MapPins to, PinnedLayout after) {
    before
        .obstacle(after)
        .ifPresent(obstacle -> {
          throw from.refused(obstacle);
        });
    this.from = from;
    this.to = to;
    this.before = before;
    this.after = after;
  }

  /** Returns whether there is a map to convert. */
  boolean has(String name) {
    return !REFILLED.contains(name) && from.contains(name);
  }

  /** Shares a map whose contents are versioned by themselves. */
  void share(String name) {
    try (BpfMap map = from.open(name)) {
      to.replace(name, map);
    }
    converted.add(name);
  }

  /**
   * Converts a map.
   *
   * @param create creates an empty map for its entries
   */
  BpfMap convert(String name, Supplier<BpfMap> create) {
    converted.add(name);
    BpfMap old = from.open(name);
    try {
      BpfMap map = convert(name, old, create);
      if (map != old) {
        old.close();
      }
      if (name.equals(RING_CHUNKS)) {
        from.names(RING_CHUNK).forEach(this::share);
      }
      return map;
    } catch (RuntimeException | Error e) {
      old.close();
      throw e;
    }
  }

  /** Returns the old map if it can be shared. */
  private BpfMap convert(String name, BpfMap old, Supplier<BpfMap> create) {
    String kind = kind(name);
    checkFields(kind, old);
    boolean isLike = before.isLike(after, kind);
    if (isLike && before.hasSizesOf(after)) {
      return old;
    }
    BpfMap created = create.get();
    try {
      if (isLike && isLike(old, created) && !name.startsWith(CPU_FLOWS)) {
        created.close();
        return old;
      }
      fill(kind, old, created);
      return created;
    } catch (BpfException e) {
      created.close();
      throw e.errno() == Errno.E2BIG || e.errno() == Errno.ENOSPC
          ? from.refused("the entries of %s are more than the limits allow now".formatted(name))
          : e;
    } catch (RuntimeException | Error e) {
      created.close();
      throw e;
    }
  }

  /** Returns the name by which a map is described. */
  private static String kind(String name) {
    return name.startsWith("cpu_flows_") || name.startsWith("flows") ? "flows" : name;
  }

  private static boolean isLike(BpfMap one, BpfMap other) {
    return one.type() == other.type()
        && one.keySize() == other.keySize()
        && one.valueSize() == other.valueSize()
        && one.maxEntries() == other.maxEntries()
        && one.flags() == other.flags();
  }

  /**
   * Converts a map that is replaced as a whole.
   *
   * @return the inner map; empty if both maps are shared and pinned
   */
  Optional<BpfMap> convertReplaceable(String name, Supplier<BpfMap> create, MapPins pins) {
    converted.addAll(List.of(name, name + ReplaceableMap.CURRENT, name + ReplaceableMap.NEXT));
    try (BpfMap outer = from.open(name)) {
      BpfMap old = current(name, outer.innerId(0));
      try {
        BpfMap map = convert(name, old, create);
        if (map != old) {
          return Optional.of(map);
        }
        pins.replace(name + ReplaceableMap.CURRENT, old);
        pins.replace(name, outer);
        return Optional.empty();
      } finally {
        old.close();
      }
    }
  }

  private BpfMap current(String name, int id) {
    for (String suffix : List.of(ReplaceableMap.CURRENT, ReplaceableMap.NEXT)) {
      if (from.contains(name + suffix)) {
        BpfMap inner = from.open(name + suffix);
        if (inner.id() == id) {
          return inner;
        }
        inner.close();
      }
    }
    throw from.damaged("the map in use of " + name + " is not there");
  }

  /** Checks that what is lost is empty: maps that this version of the library does not have. */
  void checkLostMaps() {
    for (String name : from.names("")) {
      if (converted.contains(name) || name.equals(PinnedSettings.NAME) || isRefilled(name)) {
        continue;
      }
      try (BpfMap map = from.open(name)) {
        if (!isEmpty(map)) {
          throw from.refused(
              "the map %s is in use, which this version of the library does not have"
                  .formatted(name));
        }
      }
    }
  }

  private static boolean isRefilled(String name) {
    return REFILLED.stream().anyMatch(name::startsWith);
  }

  private static boolean isEmpty(BpfMap map) {
    if (map.type() == BpfConstants.BPF_MAP_TYPE_ARRAY_OF_MAPS) {
      return true; // what counts is in the inner maps
    }
    if (isMapped(map)) {
      return StructLayout.isZero(map.mmap());
    }
    try (Arena arena = Arena.ofConfined()) {
      return !map.nextKey(null, arena.allocate(map.keySize(), Long.BYTES));
    }
  }

  private static boolean isMapped(BpfMap map) {
    return map.type() == BpfConstants.BPF_MAP_TYPE_ARRAY
        && (map.flags() & BpfConstants.BPF_F_MMAPABLE) != 0;
  }

  /** Checks that the fields that this version of the library lacks are zero. */
  private void checkFields(String map, BpfMap old) {
    StructLayout fields = before.value(map).orElse(null);
    StructLayout known = after.value(map).orElse(null);
    if (fields == null || known == null) {
      return;
    }
    Set<String> lost = fields.without(known);
    if (lost.isEmpty()) {
      return;
    }
    forEachValue(
        map,
        old,
        value ->
            lost.stream()
                .filter(field -> !fields.isZero(value, field))
                .findFirst()
                .ifPresent(field -> {
                  throw from.refused(
                      "%s has a value in the map %s, and this version of the library has no such field"
                          .formatted(field, map));
                }));
  }

  private interface Action {
    void accept(MemorySegment value);
  }

  private void forEachValue(String map, BpfMap old, Action action) {
    if (map.equals("vips")) {
      new VipTableCopy(before, after).forEach(old, action::accept);
    } else if (isMapped(old)) {
      for (int i = 0; i < old.maxEntries(); i++) {
        action.accept(element(old, i));
      }
    } else {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment value = arena.allocate(old.bufferSize(), Long.BYTES);
        old.forEachKey(key -> {
          if (old.lookup(key, value)) {
            action.accept(value);
          }
        });
      }
    }
  }

  private static MemorySegment element(BpfMap array, int index) {
    return array.mmap().asSlice((long) index * array.valueStride(), array.valueSize());
  }

  private void fill(String map, BpfMap old, BpfMap created) {
    switch (map) {
      case "counters", "watched", "flows", "cpu_flows", "cpu_flow_keys" -> {
        // TrafficCopy copies what packets write, and the maps of maps are filled when opened
      }
      case RING_CHUNKS -> copyRings(created);
      case "vips" -> copyVips(old, created);
      default -> {
        if (isMapped(old)) {
          copyArray(map, old, created);
        } else {
          copyEntries(map, old, created);
        }
      }
    }
  }

  private void copyVips(BpfMap old, BpfMap created) {
    try {
      new VipTableCopy(before, after).copy(old, created);
    } catch (IllegalArgumentException e) {
      throw from.refused("the VIPs are more than the limits allow now: " + e.getMessage());
    }
  }

  private void copyRings(BpfMap created) {
    List<String> pins = from.names(RING_CHUNK);
    List<BpfMap> chunks = new ArrayList<>();
    try (Arena arena = Arena.ofConfined()) {
      pins.forEach(pin -> chunks.add(from.open(pin)));
      int[] numbers =
          pins.stream()
              .mapToInt(pin -> Integer.parseInt(pin.substring(RING_CHUNK.length())))
              .toArray();
      RingMemory.install(created, numbers, chunks, arena);
    } finally {
      chunks.forEach(BpfMap::close);
    }
  }

  private void copyArray(String map, BpfMap old, BpfMap created) {
    for (int i = 0; i < old.maxEntries(); i++) {
      MemorySegment value = element(old, i);
      if (!StructLayout.isZero(value)) {
        if (i >= created.maxEntries()) {
          throw from.refused(
              "entry %d of %s is in use, and the limits allow %d"
                  .formatted(i, map, created.maxEntries()));
        }
        copy(map, before.value(map), value, after.value(map), element(created, i));
      }
    }
  }

  private void copyEntries(String map, BpfMap old, BpfMap created) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(old.bufferSize(), Long.BYTES);
      MemorySegment newKey = arena.allocate(created.keySize(), Long.BYTES);
      MemorySegment newValue = arena.allocate(created.bufferSize(), Long.BYTES);
      old.forEachKey(key -> {
        if (old.lookup(key, value)) {
          copy(map, before.key(map), key, after.key(map), newKey.fill((byte) 0));
          copy(
              map,
              before.value(map),
              value.asSlice(0, old.valueSize()),
              after.value(map),
              newValue.fill((byte) 0).asSlice(0, created.valueSize()));
          created.update(newKey, newValue);
        }
      });
    }
  }

  private void copy(
      String map,
      Optional<StructLayout> fields,
      MemorySegment source,
      Optional<StructLayout> wanted,
      MemorySegment target) {
    if (fields.isPresent() && wanted.isPresent()) {
      String tooLarge = fields.get().copy(source, target, wanted.get());
      if (!tooLarge.isEmpty()) {
        throw from.refused("%s in the map %s is too large now".formatted(tooLarge, map));
      }
    } else if (source.byteSize() == target.byteSize()) {
      target.copyFrom(source);
    } else {
      throw from.refused(
          "entries of the map %s had %d bytes and now have %d"
              .formatted(map, source.byteSize(), target.byteSize()));
    }
  }
}
