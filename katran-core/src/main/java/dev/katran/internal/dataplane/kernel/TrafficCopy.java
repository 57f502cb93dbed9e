package dev.katran.internal.dataplane.kernel;

import dev.katran.Count;
import dev.katran.ffm.BpfMap;
import dev.katran.internal.dataplane.FlowSecret;
import java.util.ArrayList;
import java.util.List;

/**
 * Copies what packets write from the maps of one generation to those of the next one: counters and
 * flows. Before the program of the next one is attached, most is copied. Afterwards, when the maps
 * before it do not change any longer, the rest is. Copying again does no harm, so it may be
 * interrupted at any time.
 */
final class TrafficCopy implements AutoCloseable {

  private static final String KEYS = "_keys";

  private final List<BpfMap> maps = new ArrayList<>();
  private final List<Runnable> copies = new ArrayList<>();

  /** Opens the maps that the two generations do not share. */
  TrafficCopy(MapPins from, PinnedSettings before, MapPins to, PinnedSettings after) {
    try {
      addCounters(from, before.layout().counters(), to, after.layout().counters());
      addWatched(from, to);
      for (String name : from.names("")) {
        if (name.equals("flows") || name.matches("cpu_flows_[0-9]+")) {
          addFlows(name, from, before.layout(), to, after.layout(), before.secret());
        }
      }
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private BpfMap open(MapPins pins, String name) {
    BpfMap map = pins.open(name);
    maps.add(map);
    return map;
  }

  private static boolean isShared(MapPins from, MapPins to, String name) {
    if (!from.contains(name) || !to.contains(name)) {
      return true; // there is nothing to copy
    }
    try (BpfMap one = from.open(name);
        BpfMap other = to.open(name)) {
      return one.id() == other.id();
    }
  }

  private void addCounters(MapPins from, CounterLayout before, MapPins to, CounterLayout after) {
    if (isShared(from, to, "counters")) {
      return;
    }
    MappedCounters source = new MappedCounters(open(from, "counters"), before.perCpu());
    MappedCounters target = new MappedCounters(open(to, "counters"), after.perCpu());
    copies.add(() -> before.forEach(after, (index, wanted) -> copy(source, index, target, wanted)));
  }

  private void addWatched(MapPins from, MapPins to) {
    if (isShared(from, to, "watched")) {
      return;
    }
    BpfMap old = open(from, "watched");
    BpfMap created = open(to, "watched");
    int blocks = BpfMap.possibleCpus() + 1;
    int before = old.maxEntries() / blocks;
    int after = created.maxEntries() / blocks;
    MappedCounters source = new MappedCounters(old, before);
    MappedCounters target = new MappedCounters(created, after);
    copies.add(() -> {
      for (int i = 0; i < Math.min(before, after); i++) {
        copy(source, i, target, i);
      }
    });
  }

  private static void copy(MappedCounters source, int index, MappedCounters target, int wanted) {
    Count count = source.read(index);
    if (!count.equals(Count.ZERO)) {
      target.carry(wanted, count);
    }
  }

  private void addFlows(
      String name,
      MapPins from,
      PinnedLayout before,
      MapPins to,
      PinnedLayout after,
      FlowSecret secret) {
    if (!isShared(from, to, name)) {
      FlowMaps source = new FlowMaps(open(from, name), open(from, name + KEYS));
      FlowMaps target = new FlowMaps(open(to, name), open(to, name + KEYS));
      copies.add(
          new FlowCopy(
              source,
              before.value("flows_keys").orElseThrow(),
              target,
              after.value("flows_keys").orElseThrow(),
              secret));
    }
  }

  /** Returns whether there is anything to copy. */
  boolean isNeeded() {
    return !copies.isEmpty();
  }

  /** Copies what has changed since the last time. */
  void run() {
    copies.forEach(Runnable::run);
  }

  @Override
  public void close() {
    maps.forEach(BpfMap::close);
  }
}
