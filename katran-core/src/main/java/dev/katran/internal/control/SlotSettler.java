package dev.katran.internal.control;

import dev.katran.Limits;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.RingSlots;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Moves slots from changing to settled when their window ends, and from settled to stable when no
 * live entry of the flow table names another backend, see {@link RingState}. After that, the
 * dataplane stops looking up the flows of these slots, cf. <a
 * href="https://doi.org/10.1145/3485983.3494851">Just Enough Tracking</a> (CoNEXT 2021).
 *
 * <p>The second move needs a scan of the flow table, which is done in steps. No scan misses an
 * entry: the dataplane creates none that names another backend than that of a settled slot, and a
 * slot that was changing during the scan does not count as settled before the next one, even if it
 * is at the same backend again. A packet in flight may still see a slot as changing that has just
 * settled, so a scan considers only slots that were settled at the end of the step before.
 *
 * <p>Not thread-safe. Runs under the lock of changes.
 */
final class SlotSettler implements AutoCloseable {

  /** The default number of entries scanned in a step. There is one step per second. */
  static final int ENTRIES_PER_STEP = 200_000;

  /** The pause after a scan is the idle time divided by this. */
  private static final int PAUSES_PER_IDLE_TIME = 10;

  private final Dataplane dataplane;
  private final Limits limits;
  private final int entriesPerStep;
  private @Nullable FlowScan scan;
  private Instant nextScan = Instant.MIN;

  /** The state at the end of the last step. */
  private InstalledState last = InstalledState.EMPTY;

  /**
   * Creates a settler.
   *
   * @param entriesPerStep how many entries of the flow table a step scans
   */
  SlotSettler(Dataplane dataplane, Limits limits, int entriesPerStep) {
    this.dataplane = dataplane;
    this.limits = limits;
    this.entriesPerStep = entriesPerStep;
  }

  /** Runs one step and returns the state that is installed then. */
  InstalledState step(InstalledState state, Instant now) {
    InstalledState after = scan(settle(state, now), now);
    last = after;
    return after;
  }

  private InstalledState scan(InstalledState state, Instant now) {
    if (scan == null && !now.isBefore(nextScan)) {
      scan = FlowScan.start(last, dataplane.flows(), limits);
    }
    if (scan == null || scan.advance(entriesPerStep)) {
      return state;
    }
    InstalledState after = stabilise(state, scan);
    nextScan = now.plus(scan.pause());
    close();
    return after;
  }

  /** The new slots of a VIP. */
  private record Update(InstalledState.Installed installed, RingState slots) {

    boolean changesAnything() {
      return slots != installed.slots() && !slots.slots().equals(installed.slots().slots());
    }
  }

  private InstalledState settle(InstalledState state, Instant now) {
    return apply(
        state,
        state.vips().values().stream()
            .map(installed -> new Update(installed, installed.slots().settle(now)))
            .toList());
  }

  private InstalledState stabilise(InstalledState state, FlowScan scan) {
    List<Update> updates = new ArrayList<>();
    for (FlowScan.Candidate candidate : scan.candidates.values()) {
      InstalledState.Installed installed = state.vips().get(candidate.installed.vip().key());
      if (installed != null
          && installed.number() == candidate.installed.number()
          && !candidate.slots.isEmpty()) {
        RingState stable =
            installed.slots().stabilise(candidate.installed.slots(), candidate.slots);
        updates.add(new Update(installed, stable));
      }
    }
    return apply(state, updates);
  }

  private InstalledState apply(InstalledState state, List<Update> updates) {
    List<Update> needed = updates.stream().filter(Update::changesAnything).toList();
    if (needed.isEmpty()) {
      return state;
    }
    dataplane.batch(
        () -> needed.forEach(update -> write(update.installed().number(), update.slots().slots())));
    return state.with(
        needed.stream().map(update -> update.installed().withSlots(update.slots())).toList());
  }

  private void write(int vip, RingSlots slots) {
    if (slots.isEmpty()) {
      dataplane.rings().remove(vip);
    } else {
      dataplane.rings().mark(vip, slots);
    }
  }

  /** Abandons a scan in progress. */
  @Override
  public void close() {
    if (scan != null) {
      scan.cursor.close();
      scan = null;
    }
  }

  /** A scan of the flow table for entries that name another backend than their slot. */
  private static final class FlowScan {

    /** A VIP with the settled slots for which the scan has found no such entry. */
    private record Candidate(InstalledState.Installed installed, BitSet slots) {}

    private final FlowTable.Scan cursor;
    private final Limits limits;
    private final Map<Integer, Candidate> candidates;

    private FlowScan(FlowTable.Scan cursor, Limits limits, Map<Integer, Candidate> candidates) {
      this.cursor = cursor;
      this.limits = limits;
      this.candidates = candidates;
    }

    /** Starts a scan, or returns null if no slot is settled. */
    static @Nullable FlowScan start(InstalledState state, FlowTable flows, Limits limits) {
      Map<Integer, Candidate> candidates = new HashMap<>();
      for (InstalledState.Installed installed : state.vips().values()) {
        if (installed.slots().settled() > 0) {
          candidates.put(
              installed.number(), new Candidate(installed, installed.slots().settledSlots()));
        }
      }
      return candidates.isEmpty() ? null : new FlowScan(flows.scan(), limits, candidates);
    }

    /** Scans the next entries and returns whether there are more. */
    boolean advance(int entries) {
      return cursor.next(entries, this::visit);
    }

    private void visit(FlowTable.Entry entry) {
      Candidate candidate = candidates.get(entry.vip());
      if (candidate == null || candidate.slots.isEmpty()) {
        return;
      }
      InstalledState.Installed installed = candidate.installed;
      if (installed.pointsElsewhere(entry, limits)) {
        candidate.slots.clear(installed.slotOf(entry, limits));
      }
    }

    /** Returns how long to wait before the next scan. */
    Duration pause() {
      return candidates.values().stream()
          .map(candidate -> candidate.installed.idle())
          .min(Duration::compareTo)
          .orElse(Duration.ZERO)
          .dividedBy(PAUSES_PER_IDLE_TIME);
    }
  }
}
