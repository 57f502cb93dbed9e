package dev.katran;

import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.FlowTable;
import dev.katran.dataplane.RingSlots;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Takes slots from changing to settled when their time has come, and from settled to stable when no
 * live entry of the flow table leads away from them. That takes a look at every entry, in steps;
 * while it goes on no entry comes into being that would lead away from a settled slot.
 *
 * <p>Not thread-safe: used while nothing else changes.
 */
final class Settling implements AutoCloseable {

  /** How many entries are looked at in a step, which is once a second. */
  private static final int ENTRIES_PER_STEP = 200_000;

  /** After a look at all entries comes a pause of this part of the idle time. */
  private static final int PAUSES_PER_IDLE_TIME = 10;

  private final Dataplane dataplane;
  private final Limits limits;
  private @Nullable Look look;
  private Instant nextLook = Instant.MIN;

  Settling(Dataplane dataplane, Limits limits) {
    this.dataplane = dataplane;
    this.limits = limits;
  }

  /** Goes one step on, and returns what is installed then. */
  State step(State state, Instant now) {
    State after = settle(state, now);
    if (look == null && !now.isBefore(nextLook)) {
      look = Look.at(after, dataplane.flows(), limits);
    }
    if (look == null || look.advance(ENTRIES_PER_STEP)) {
      return after;
    }
    after = stabilise(after, look);
    nextLook = now.plus(look.pause());
    close();
    return after;
  }

  /** What becomes of a VIP's slots. */
  private record Mark(State.Installed installed, RingState slots) {

    boolean changesAnything() {
      return !slots.slots().equals(installed.slots().slots());
    }
  }

  private State settle(State state, Instant now) {
    return mark(
        state,
        state.vips().values().stream()
            .map(installed -> new Mark(installed, installed.slots().settle(now)))
            .toList());
  }

  private State stabilise(State state, Look look) {
    List<Mark> marks = new ArrayList<>();
    for (Look.Candidate candidate : look.candidates.values()) {
      State.Installed installed = state.vips().get(candidate.installed.vip().key());
      if (installed != null
          && installed.number() == candidate.installed.number()
          && !candidate.slots.isEmpty()) {
        RingState stable =
            installed.slots().stabilise(candidate.installed.slots(), candidate.slots);
        marks.add(new Mark(installed, stable));
      }
    }
    return mark(state, marks);
  }

  private State mark(State state, List<Mark> marks) {
    List<Mark> needed = marks.stream().filter(Mark::changesAnything).toList();
    if (needed.isEmpty()) {
      return state;
    }
    dataplane.together(
        () -> needed.forEach(each -> mark(each.installed().number(), each.slots().slots())));
    State after = state;
    for (Mark each : needed) {
      after = after.with(each.installed().withSlots(each.slots()));
    }
    return after;
  }

  private void mark(int vip, RingSlots slots) {
    if (slots.isEmpty()) {
      dataplane.removeRing(vip);
    } else {
      dataplane.markRing(vip, slots);
    }
  }

  /** Gives up the look at the entries that is under way. */
  @Override
  public void close() {
    if (look != null) {
      look.scan.close();
      look = null;
    }
  }

  /** A look at all entries of the flow table. */
  private static final class Look {

    /** A VIP with the settled slots that no entry is known of that leads away. */
    private record Candidate(State.Installed installed, BitSet slots) {}

    private final FlowTable.Scan scan;
    private final Limits limits;
    private final Map<Integer, Candidate> candidates;

    private Look(FlowTable.Scan scan, Limits limits, Map<Integer, Candidate> candidates) {
      this.scan = scan;
      this.limits = limits;
      this.candidates = candidates;
    }

    /** Null if no slot is settled. */
    static @Nullable Look at(State state, FlowTable flows, Limits limits) {
      Map<Integer, Candidate> candidates = new HashMap<>();
      for (State.Installed installed : state.vips().values()) {
        if (!installed.slots().slots().isStable()) {
          BitSet settled = installed.slots().settled();
          if (!settled.isEmpty()) {
            candidates.put(installed.number(), new Candidate(installed, settled));
          }
        }
      }
      return candidates.isEmpty() ? null : new Look(flows.scan(), limits, candidates);
    }

    /** Looks at some entries. Returns whether there are more. */
    boolean advance(int entries) {
      return scan.next(entries, this::note);
    }

    private void note(FlowTable.Entry entry) {
      Candidate candidate = candidates.get(entry.vip());
      if (candidate == null || candidate.slots.isEmpty()) {
        return;
      }
      State.Installed installed = candidate.installed;
      if (installed.leadsAway(entry, limits)) {
        candidate.slots.clear(installed.slotOf(entry, limits));
      }
    }

    Duration pause() {
      return candidates.values().stream()
          .map(candidate -> candidate.installed.idle())
          .min(Duration::compareTo)
          .orElse(Duration.ZERO)
          .dividedBy(PAUSES_PER_IDLE_TIME);
    }
  }
}
