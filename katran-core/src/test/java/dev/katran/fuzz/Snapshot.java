package dev.katran.fuzz;

import dev.katran.Count;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The counters or the flow table of a dataplane at one moment.
 *
 * @param values by counter or flow; counters that are zero are left out
 */
record Snapshot(Map<Object, Object> values) {

  private static final Counter[] COUNTERS =
      Stream.of(
              Stream.of(Counter.Total.values()).filter(Snapshot::isSum),
              IntStream.range(0, Universe.VIPS)
                  .boxed()
                  .flatMap(vip ->
                      Stream.of(Counter.VipEvent.values())
                          .map(event -> new Counter.OfVip(vip, event))),
              IntStream.rangeClosed(0, Universe.BACKENDS).mapToObj(Counter.OfBackend::new),
              IntStream.rangeClosed(0, Universe.BACKENDS).mapToObj(Counter.WatchedMisses::new))
          .flatMap(counters -> counters)
          .toArray(Counter[]::new);

  /** Reports whether a total is summed over all CPUs; the others have their own accessors. */
  static boolean isSum(Counter.Total total) {
    return total != Counter.Total.NEW_FLOWS && total != Counter.Total.QUIC_INVALID_ID_SAMPLE;
  }

  /**
   * Reads all counters except the number of new flows in the current second, because the two
   * dataplanes start a second at different times. Of the invalid QUIC id sample, only its presence
   * is recorded: the kernel keeps one per CPU, and the thread may migrate.
   */
  static Snapshot ofCounters(Dataplane dataplane) {
    Map<Object, Object> values = new HashMap<>();
    for (Counter counter : COUNTERS) {
      Count count = dataplane.counters().read(counter);
      if (!count.equals(Count.ZERO)) {
        values.put(counter, count);
      }
    }
    if (dataplane.counters().quicInvalidIdSample() != 0) {
      values.put(Counter.Total.QUIC_INVALID_ID_SAMPLE, "some");
    }
    return new Snapshot(values);
  }

  /** Reads the flow table, without timestamps. */
  static Snapshot ofFlows(Dataplane dataplane) {
    Map<Object, Object> values = new HashMap<>();
    dataplane
        .flows()
        .forEach(entry ->
            values.put(entry.flow(), "backend %d, vip %d".formatted(entry.backend(), entry.vip())));
    return new Snapshot(values);
  }

  /** Formats the values that differ from those of another snapshot. */
  String differencesFrom(Snapshot other) {
    Map<String, Object> differences = new TreeMap<>();
    values.forEach((name, value) -> {
      if (!value.equals(other.values.get(name))) {
        differences.put(name.toString(), value);
      }
    });
    other.values.keySet().stream()
        .filter(name -> !values.containsKey(name))
        .forEach(name -> differences.put(name.toString(), "none"));
    return differences.toString();
  }
}
