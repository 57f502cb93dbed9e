package dev.katran.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Count;
import dev.katran.Verdict;
import dev.katran.dataplane.Counter;
import dev.katran.dataplane.Dataplane;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.LongAdder;

/** What rounds have made dataplanes do, so that it shows when they do not make them do much. */
final class Coverage {

  /** Of a hundred frames. */
  private static final int LEAST_SHARE = 5;

  /** What no round makes happen. */
  private static final Set<Counter.Total> NEVER =
      EnumSet.of(
          // only where CPUs have flow tables of their own
          Counter.Total.FLOW_FALLBACK,
          // the kernel always has room for an outer header in a frame of a test run
          Counter.Total.ENCAP_FAILED_V4,
          Counter.Total.ENCAP_FAILED_V6,
          // no sums
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

  /** Takes note of what a dataplane has counted in a round, when it is over. */
  void add(Dataplane dataplane) {
    totals.forEach((total, sum) -> sum.add(dataplane.count(total).packets()));
    addVerdict(Verdict.TX, dataplane.count(Counter.Total.TX));
    addVerdict(Verdict.DROP, dataplane.count(Counter.Total.DROP));
    addVerdict(Verdict.PASS, dataplane.count(Counter.Total.PASS));
    for (int vip = 0; vip < Playground.VIPS; vip++) {
      for (Counter.VipEvent event : Counter.VipEvent.values()) {
        events.get(event).add(dataplane.count(new Counter.OfVip(vip, event)).packets());
      }
    }
    for (int backend = 1; backend <= Playground.BACKENDS; backend++) {
      watchedMisses.add(dataplane.count(new Counter.WatchedMisses(backend)).packets());
    }
  }

  private void addVerdict(Verdict verdict, Count count) {
    verdicts.get(verdict).add(count.packets());
    frames.add(count.packets());
  }

  /** Fails if a verdict was rare, or if something was never counted. */
  void assertWorthTheTrouble() {
    verdicts.forEach((verdict, sum) ->
        assertThat(sum.sum() * 100)
            .as("frames of which %s was made, times 100", verdict)
            .isGreaterThan(frames.sum() * LEAST_SHARE));
    totals.forEach((total, sum) -> {
      if (!NEVER.contains(total)) {
        assertThat(sum.sum()).as("times %s was counted", total).isPositive();
      }
    });
    events.forEach((event, sum) ->
        assertThat(sum.sum()).as("times %s was counted of VIPs", event).isPositive());
    assertThat(watchedMisses.sum()).as("misses of watched VIPs").isPositive();
  }

  @Override
  public String toString() {
    return "%d frames: %s".formatted(frames.sum(), verdicts);
  }
}
