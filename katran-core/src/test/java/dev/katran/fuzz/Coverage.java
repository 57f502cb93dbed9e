package dev.katran.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Count;
import dev.katran.Verdict;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/** Accumulates what the workloads exercised, to detect generators that miss code paths. */
final class Coverage {

  /** The minimum share of frames for each verdict, in percent. */
  private static final int MIN_PERCENT = 5;

  /** Totals that no workload can increment. */
  private static final Set<Counter.Total> NEVER =
      EnumSet.of(
          // needs per-CPU flow tables
          Counter.Total.FLOW_FALLBACK,
          // a frame of a test run always has headroom for the outer header
          Counter.Total.ENCAP_FAILED_V4,
          Counter.Total.ENCAP_FAILED_V6,
          // not sums
          Counter.Total.NEW_FLOWS,
          Counter.Total.QUIC_INVALID_ID_SAMPLE);

  private final Map<Verdict, LongAdder> verdicts = new EnumMap<>(Verdict.class);
  private final Map<Counter.Total, LongAdder> totals = new EnumMap<>(Counter.Total.class);
  private final Map<Counter.VipEvent, LongAdder> events = new EnumMap<>(Counter.VipEvent.class);
  private final LongAdder watchedMisses = new LongAdder();
  private final LongAdder frames = new LongAdder();

  Coverage() {
    for (Verdict verdict : Verdict.values()) {
      verdicts.put(verdict, new LongAdder());
    }
    for (Counter.Total total : Counter.Total.values()) {
      totals.put(total, new LongAdder());
    }
    for (Counter.VipEvent event : Counter.VipEvent.values()) {
      events.put(event, new LongAdder());
    }
  }

  /** Adds the counters of a dataplane at the end of a workload. */
  void add(Dataplane dataplane) {
    totals.forEach((total, sum) -> sum.add(dataplane.counters().read(total).packets()));
    addVerdict(Verdict.TX, dataplane.counters().read(Counter.Total.TX));
    addVerdict(Verdict.DROP, dataplane.counters().read(Counter.Total.DROP));
    addVerdict(Verdict.PASS, dataplane.counters().read(Counter.Total.PASS));
    for (int vip = 0; vip < Universe.VIPS; vip++) {
      for (Counter.VipEvent event : Counter.VipEvent.values()) {
        events.get(event).add(dataplane.counters().read(new Counter.OfVip(vip, event)).packets());
      }
    }
    for (int backend = 1; backend <= Universe.BACKENDS; backend++) {
      watchedMisses.add(dataplane.counters().read(new Counter.WatchedMisses(backend)).packets());
    }
  }

  private void addVerdict(Verdict verdict, Count count) {
    verdicts.get(verdict).add(count.packets());
    frames.add(count.packets());
  }

  /** Throws an {@link AssertionError} if a verdict was rare or a counter was never incremented. */
  void assertSufficient() {
    verdicts.forEach((verdict, sum) ->
        assertThat(sum.sum() * 100)
            .as("100 x frames with verdict %s", verdict)
            .isGreaterThan(frames.sum() * MIN_PERCENT));
    totals.forEach((total, sum) -> {
      if (!NEVER.contains(total)) {
        assertThat(sum.sum()).as("count of %s", total).isPositive();
      }
    });
    events.forEach(
        (event, sum) -> assertThat(sum.sum()).as("count of VIP event %s", event).isPositive());
    assertThat(watchedMisses.sum()).as("misses of watched VIPs").isPositive();
  }

  @Override
  public String toString() {
    return "%d frames: %s".formatted(frames.sum(), verdicts);
  }
}
