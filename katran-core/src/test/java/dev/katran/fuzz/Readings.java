package dev.katran.fuzz;

import dev.katran.Count;
import dev.katran.dataplane.Counter;
import dev.katran.dataplane.Dataplane;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What is read of a dataplane.
 *
 * @param values by the names of what they belong to; what is not there is zero or absent
 */
record Readings(Map<Object, Object> values) {

  private static final Counter[] COUNTERS =
      Stream.of(
              Stream.of(Counter.Total.values()).filter(Readings::isSum),
              IntStream.range(0, Playground.VIPS)
                  .boxed()
                  .flatMap(vip ->
                      Stream.of(Counter.VipEvent.values())
                          .map(event -> new Counter.OfVip(vip, event))),
              IntStream.rangeClosed(0, Playground.BACKENDS).mapToObj(Counter.OfBackend::new),
              IntStream.rangeClosed(0, Playground.BACKENDS).mapToObj(Counter.WatchedMisses::new))
          .flatMap(counters -> counters)
          .toArray(Counter[]::new);

  /** The others are not sums over CPUs, and have methods of their own. */
  static boolean isSum(Counter.Total total) {
    return total != Counter.Total.NEW_FLOWS && total != Counter.Total.QUIC_INVALID_ID_SAMPLE;
  }

  /**
   * All counters. Left out is how many flows are new in this second, since no two dataplanes see it
   * begin at the same time. Of the sample of invalid ids only its being there is read: the kernel
   * has one for each CPU, and a thread may move.
   */
  static Readings ofCounters(Dataplane dataplane) {
    Map<Object, Object> values = new HashMap<>();
    for (Counter counter : COUNTERS) {
      Count count = dataplane.count(counter);
      if (!count.equals(Count.ZERO)) {
        values.put(counter, count);
      }
    }
    if (dataplane.quicInvalidIdSample() != 0) {
      values.put(Counter.Total.QUIC_INVALID_ID_SAMPLE, "some");
    }
    return new Readings(values);
  }

  /** The flow table, without the times. */
  static Readings ofFlows(Dataplane dataplane) {
    Map<Object, Object> values = new HashMap<>();
    dataplane
        .flows()
        .forEach(entry ->
            values.put(entry.flow(), "backend %d, vip %d".formatted(entry.backend(), entry.vip())));
    return new Readings(values);
  }

  /** What is read differently here than there, as text. */
  String differencesFrom(Readings other) {
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
