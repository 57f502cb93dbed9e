package dev.katran.internal.dataplane.kernel;

import com.google.common.base.Splitter;
import dev.katran.bpf.generated.Katran;
import dev.katran.internal.dataplane.Counter;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Which counter has which index within a CPU's counters, in a form that can be written down: the
 * names and indices of the balancer's counters and of a VIP's, and where those of VIPs and backends
 * begin.
 */
record CounterLayout(Map<String, Integer> numbers) {

  private static final String PER_CPU = "perCpu";
  private static final String FIRST_VIP = "firstVip";
  private static final String PER_VIP = "perVip";
  private static final String FIRST_BACKEND = "firstBackend";
  private static final String BACKENDS = "backends";
  private static final Set<String> GEOMETRY =
      Set.of(PER_CPU, FIRST_VIP, PER_VIP, FIRST_BACKEND, BACKENDS);
  private static final String OF_VIP = "vip.";

  /** The counters that cannot be added up. */
  private static final Set<Counter.Total> NO_SUMS =
      EnumSet.of(Counter.Total.NEW_FLOWS, Counter.Total.QUIC_INVALID_ID_SAMPLE);

  /** Returns the layout of this version. */
  static CounterLayout of(MapGeometry geometry) {
    Map<String, Integer> numbers = new LinkedHashMap<>();
    numbers.put(PER_CPU, geometry.countersPerCpu());
    numbers.put(FIRST_VIP, Katran.KATRAN_FIRST_VIP_COUNTER());
    numbers.put(PER_VIP, Katran.KATRAN_COUNTERS_PER_VIP());
    numbers.put(FIRST_BACKEND, geometry.firstBackendCounter());
    numbers.put(BACKENDS, geometry.backendIndices());
    for (Counter.Total total : Counter.Total.values()) {
      if (!NO_SUMS.contains(total)) {
        numbers.put(total.name(), CounterIndex.of(total, geometry));
      }
    }
    int first = CounterIndex.of(new Counter.OfVip(0, Counter.VipEvent.FORWARDED), geometry);
    for (Counter.VipEvent event : Counter.VipEvent.values()) {
      int index = CounterIndex.of(new Counter.OfVip(0, event), geometry);
      numbers.put(OF_VIP + event.name(), index - first);
    }
    return new CounterLayout(numbers);
  }

  /** Returns the layout that {@link #text} has written down. */
  static CounterLayout parse(String text) {
    Map<String, Integer> numbers = new LinkedHashMap<>();
    Splitter.on(' ')
        .withKeyValueSeparator(':')
        .split(text)
        .forEach((name, number) -> numbers.put(name, Integer.valueOf(number)));
    return new CounterLayout(numbers);
  }

  String text() {
    return numbers.entrySet().stream()
        .map(number -> number.getKey() + ":" + number.getValue())
        .collect(Collectors.joining(" "));
  }

  private int number(String name) {
    Integer number = numbers.get(name);
    if (number == null) {
      throw new IllegalArgumentException("the layout of the counters has no " + name);
    }
    return number;
  }

  int perCpu() {
    return number(PER_CPU);
  }

  private int vips() {
    return (number(FIRST_BACKEND) - number(FIRST_VIP)) / number(PER_VIP);
  }

  /** Returns whether what both layouts have is at the same place. */
  boolean isLike(CounterLayout other) {
    return numbers.entrySet().stream()
        .allMatch(number -> {
          Integer same = other.numbers.get(number.getKey());
          return same == null || same.equals(number.getValue());
        });
  }

  /** Passes the indices of each counter that both layouts have, in this one and in another one. */
  void forEach(CounterLayout other, IndexPairs action) {
    numbers.forEach((name, index) -> {
      Integer target = other.numbers.get(name);
      if (target == null || GEOMETRY.contains(name)) {
        return;
      }
      if (!name.startsWith(OF_VIP)) {
        action.accept(index, target);
        return;
      }
      for (int vip = 0; vip < Math.min(vips(), other.vips()); vip++) {
        action.accept(
            number(FIRST_VIP) + vip * number(PER_VIP) + index,
            other.number(FIRST_VIP) + vip * other.number(PER_VIP) + target);
      }
    });
    for (int i = 0; i < Math.min(number(BACKENDS), other.number(BACKENDS)); i++) {
      action.accept(number(FIRST_BACKEND) + i, other.number(FIRST_BACKEND) + i);
    }
  }

  /** What is done with the indices of a counter. */
  interface IndexPairs {
    void accept(int index, int other);
  }
}
