package dev.katran.metrics;

import dev.katran.Count;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;

/** The counters of VIPs, or of backends, as they come and go. The caller guards it. */
final class TrafficMeters<K> {

  /** Registers a counter. */
  interface Registration {
    Meter counter(
        String name, String unit, String description, Tags tags, ToDoubleFunction<Reading> value);
  }

  private static final Count NONE = new Count(0, 0);

  private final String kind;
  private final int max;
  private final Function<Reading, Map<K, Count>> counts;
  private final Registration registration;
  private final MeterRegistry registry;
  private final Map<K, List<Meter>> meters = new HashMap<>();

  TrafficMeters(
      String kind,
      int max,
      Function<Reading, Map<K, Count>> counts,
      Registration registration,
      MeterRegistry registry) {
    this.kind = kind;
    this.max = max;
    this.counts = counts;
    this.registration = registration;
    this.registry = registry;
  }

  void update(Reading reading) {
    Map<K, Count> now = counts.apply(reading);
    meters
        .entrySet()
        .removeIf(entry -> {
          if (now.containsKey(entry.getKey())) {
            return false;
          }
          entry.getValue().forEach(registry::remove);
          return true;
        });
    for (K key : now.keySet()) {
      if (meters.size() >= max) {
        return;
      }
      meters.computeIfAbsent(key, this::register);
    }
  }

  private List<Meter> register(K key) {
    Tags tags = Tags.of(kind, key.toString());
    return List.of(
        registration.counter(
            "katran." + kind + ".packets",
            "packets",
            "Packets sent to the " + kind,
            tags,
            reading -> count(reading, key).packets()),
        registration.counter(
            "katran." + kind + ".bytes",
            "bytes",
            "Bytes sent to the " + kind,
            tags,
            reading -> count(reading, key).bytes()));
  }

  private Count count(Reading reading, K key) {
    return counts.apply(reading).getOrDefault(key, NONE);
  }

  /** Returns how many have no meters. */
  int omitted(Reading reading) {
    return Math.max(0, counts.apply(reading).size() - max);
  }

  void remove() {
    meters.values().forEach(each -> each.forEach(registry::remove));
    meters.clear();
  }
}
