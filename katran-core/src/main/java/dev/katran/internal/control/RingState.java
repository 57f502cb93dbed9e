package dev.katran.internal.control;

import com.google.common.collect.ImmutableList;
import com.google.common.collect.ImmutableSet;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DeadlineTable;
import dev.katran.internal.dataplane.RingBackends;
import dev.katran.internal.dataplane.RingSlots;
import java.time.Duration;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * The ring of a VIP in the dataplane, with the windows of its changing slots. Immutable.
 *
 * <p>A slot whose backend changes is <em>changing</em> for a window. A second change within the
 * window keeps the oldest previous backend, because younger flows have entries in the flow table.
 * When the window ends, the slot is <em>settled</em>. It is <em>stable</em> again once no live
 * entry of the flow table names another backend.
 *
 * <p>Flows of stable slots need no entries. This is the idea of "Just Enough Tracking": Mendelson
 * et al., <a href="https://doi.org/10.1145/3485983.3494851">"Load Balancing with JET: Just Enough
 * Tracking for Connection Consistency"</a>, CoNEXT 2021. A slot that holds both its current and its
 * previous backend also appears in GitHub's GLB, Cloudflare's Unimog and Beamer (NSDI 2018).
 */
final class RingState {

  /**
   * The slots and their windows.
   *
   * @param windows the window of the last change of each slot that is not stable, in their order.
   *     Kept when the slot settles: a slot with the same window as before has not changed in
   *     between, whatever its backend
   * @param open the windows of the changing slots
   * @param changing the number of changing slots
   */
  private record Content(
      RingSlots slots, List<ChangeWindow> windows, ImmutableSet<ChangeWindow> open, int changing) {

    static Content of(RingSlots slots, List<ChangeWindow> windows) {
      Set<ChangeWindow> open = new LinkedHashSet<>();
      int changing = 0;
      ChangeWindow last = null; // most slots have the same
      for (int i = 0; i < windows.size(); i++) {
        if (slots.isChangingAt(i)) {
          changing++;
          ChangeWindow window = windows.get(i);
          if (window != last) {
            open.add(window);
            last = window;
          }
        }
      }
      return new Content(slots, windows, ImmutableSet.copyOf(open), changing);
    }
  }

  /** A change whose result is computed when it is needed. */
  private record Deferred(RingState before, RingSlots after, ChangeWindow window) {}

  private final boolean stable;

  /** Null once {@link #content} is computed. */
  private @Nullable Deferred deferred;

  private volatile @Nullable Content content;

  private RingState(RingSlots slots, List<ChangeWindow> windows) {
    this.content = Content.of(slots, windows);
    this.stable = windows.isEmpty();
  }

  private RingState(Deferred deferred) {
    this.deferred = deferred;
    this.stable = false;
  }

  /** Returns a ring whose slots are all stable. */
  static RingState stable(int[] backends) {
    return stable(RingSlots.stable(backends));
  }

  /** Returns a ring of slots that are all stable. */
  static RingState stable(RingSlots slots) {
    return new RingState(slots, ImmutableList.of());
  }

  /**
   * Returns a ring whose slots were installed by an earlier control plane.
   *
   * @param window the window of those that are not stable
   */
  static RingState adopted(RingSlots slots, ChangeWindow window) {
    return new RingState(slots, Collections.nCopies(slots.unstable().length(), window));
  }

  private Content content() {
    Content known = content;
    return known == null ? compute() : known;
  }

  private synchronized Content compute() {
    Content known = content;
    if (known == null) {
      Deferred change = Objects.requireNonNull(deferred);
      known = change.before.changeTo(change.after, Set.of(), change.window).content();
      content = known;
      deferred = null;
    }
    return known;
  }

  /** Returns whether the slots are not computed yet. */
  boolean isDeferred() {
    return content == null;
  }

  /** Collects the slots that are not stable, in ascending order. */
  private static final class Collector {

    private final RingSlots.Unstable slots;
    private final List<ChangeWindow> windows;
    private boolean differ;

    Collector(RingSlots ring, int expected) {
      slots = ring.withUnstable(expected);
      windows = new ArrayList<>(expected);
    }

    void changing(int slot, int backend, int previous, ChangeWindow window) {
      slots.changing(slot, backend, previous);
      add(window);
    }

    void settled(int slot, int backend, ChangeWindow window) {
      slots.settled(slot, backend);
      add(window);
    }

    private void add(ChangeWindow window) {
      differ |= !windows.isEmpty() && windows.getLast() != window;
      windows.add(window);
    }

    /** Adds a slot as it is, by its position among those that are not stable. */
    void keep(RingSlots ring, int index, ChangeWindow window) {
      int slot = ring.unstable().get(index);
      if (ring.isChangingAt(index)) {
        changing(slot, ring.backendAt(index), ring.previousAt(index), window);
      } else {
        settled(slot, ring.backendAt(index), window);
      }
    }

    RingState build() {
      return new RingState(
          slots.build(),
          windows.isEmpty() || differ
              ? ImmutableList.copyOf(windows)
              : Collections.nCopies(windows.size(), windows.getFirst()));
    }
  }

  /** Returns the slots. */
  RingSlots slots() {
    return content().slots();
  }

  /**
   * Returns this ring after a change in which no backend leaves, as {@link #changeTo} does, but
   * computes the slots when they are needed: those of thousands of VIPs are computed on all CPUs,
   * while they are written. Counts as not stable, even if no slot should change. All slots of this
   * ring must be stable.
   */
  RingState deferChangeTo(RingSlots after, ChangeWindow change) {
    return new RingState(new Deferred(this, after, change));
  }

  /**
   * Returns this ring after a change.
   *
   * @param after a ring of stable slots with the new backends
   * @param removed the backends that leave the VIP. Their flows move to the new backends at once
   * @param change the window of slots whose backend changes; new with each change
   */
  RingState changeTo(RingSlots after, Set<Integer> removed, ChangeWindow change) {
    RingSlots slots = slots();
    List<ChangeWindow> windows = content().windows();
    Map<Duration, ChangeWindow> earlier = new HashMap<>();
    RingBackends backendsBefore = slots.backends();
    RingBackends backends = after.backends();
    BitSet differing = slots.differing(after);
    BitSet affected = (BitSet) differing.clone();
    slots.unstable().forEach(affected::set);
    Collector changed = new Collector(after, affected.cardinality());
    int next = 0; // among those that are not stable
    for (int slot = affected.nextSetBit(0); slot >= 0; slot = affected.nextSetBit(slot + 1)) {
      boolean isStable = next == windows.size() || slots.unstable().get(next) != slot;
      boolean differs = differing.get(slot);
      int backend = backends.of(slot);
      int before = backendsBefore.of(slot);
      ChangeWindow last = isStable ? null : windows.get(next);
      boolean isChanging = !isStable && slots.isChangingAt(next);
      int oldest = isChanging ? slots.previousAt(next) : before;
      boolean hasPrevious = oldest != Dataplane.NO_BACKEND && !removed.contains(oldest);
      next += isStable ? 0 : 1;
      if (last != null && !differs && (hasPrevious || !isChanging)) {
        changed.keep(slots, next - 1, last);
        continue;
      }
      ChangeWindow window =
          isChanging && last != null
              ? earlier.computeIfAbsent(last.since(), change::since)
              : change;
      if (hasPrevious) {
        changed.changing(slot, backend, oldest, window);
      } else if (!isStable) {
        // No backend remains for the old flows. Those that have an entry keep it.
        changed.settled(slot, backend, window);
      }
    }
    return changed.build();
  }

  /**
   * Extends the windows that have just ended and in which flows found no place, see {@link
   * ChangeWindow#extend}. Returns this ring if there are none.
   */
  RingState extend(Duration now, long limited, Duration least) {
    Map<ChangeWindow, ChangeWindow> extended = new HashMap<>();
    for (ChangeWindow window : content().open()) {
      boolean isDue = window.hasEnded(now) && !window.isOverdue(now);
      ChangeWindow after = isDue ? window.extend(limited, least) : window;
      if (after != window) {
        extended.put(window, after);
      }
    }
    if (extended.isEmpty()) {
      return this;
    }
    RingSlots slots = slots();
    List<ChangeWindow> windows = content().windows();
    ImmutableList.Builder<ChangeWindow> after = ImmutableList.builder();
    for (int i = 0; i < windows.size(); i++) {
      ChangeWindow window = windows.get(i);
      after.add(slots.isChangingAt(i) ? extended.getOrDefault(window, window) : window);
    }
    return new RingState(slots, after.build());
  }

  /** Settles the slots whose window has ended. Returns this ring if there are none. */
  RingState settle(Duration now) {
    if (content().open().stream().noneMatch(window -> window.hasEnded(now))) {
      return this;
    }
    RingSlots slots = slots();
    List<ChangeWindow> windows = content().windows();
    Collector after = new Collector(slots, windows.size());
    for (int i = 0; i < windows.size(); i++) {
      ChangeWindow window = windows.get(i);
      if (slots.isChangingAt(i) && window.hasEnded(now)) {
        after.settled(slots.unstable().get(i), slots.backendAt(i), window);
      } else {
        after.keep(slots, i, window);
      }
    }
    return after.build();
  }

  /**
   * Returns this ring with slots stable that have not changed since an earlier state; this ring
   * itself if there are none.
   *
   * @param since the earlier state
   * @param candidates slots that were settled then and whose live entries all name the slot's
   *     backend
   */
  RingState stabilise(RingState since, BitSet candidates) {
    boolean[] isStable = {false};
    RingSlots slots = slots();
    List<ChangeWindow> windows = content().windows();
    Map<Integer, ChangeWindow> windowsThen = since.windowsBySlot();
    Collector after = new Collector(slots, windows.size());
    for (int i = 0; i < windows.size(); i++) {
      int slot = slots.unstable().get(i);
      ChangeWindow window = windows.get(i);
      if (candidates.get(slot) && !slots.isChangingAt(i) && windowsThen.get(slot) == window) {
        isStable[0] = true;
      } else {
        after.keep(slots, i, window);
      }
    }
    return isStable[0] ? after.build() : this;
  }

  private Map<Integer, ChangeWindow> windowsBySlot() {
    List<ChangeWindow> windows = content().windows();
    Map<Integer, ChangeWindow> bySlot = new HashMap<>();
    for (int i = 0; i < windows.size(); i++) {
      bySlot.put(slots().unstable().get(i), windows.get(i));
    }
    return bySlot;
  }

  /** Returns the settled slots. */
  BitSet settledSlots() {
    BitSet found = new BitSet();
    RingSlots slots = slots();
    for (int i = 0; i < slots.unstable().length(); i++) {
      if (!slots.isChangingAt(i)) {
        found.set(slots.unstable().get(i));
      }
    }
    return found;
  }

  /** Returns whether all slots are stable. Computes none. */
  boolean isStable() {
    return stable;
  }

  /** Returns whether a change was {@linkplain #deferChangeTo deferred} that changes no slot. */
  boolean isUnchanged() {
    return !stable && content().windows().isEmpty();
  }

  /** Returns the number of settled slots. */
  int settled() {
    return content().windows().size() - changing();
  }

  /** Returns the number of changing slots. */
  int changing() {
    return content().changing();
  }

  /** Returns the longest time for which a slot that is changing will have been changing. */
  Duration span() {
    Deferred change = deferred;
    return change != null ? change.window.span() : longestSpan(content().open());
  }

  private static Duration longestSpan(Set<ChangeWindow> open) {
    return open.stream().map(ChangeWindow::span).max(Duration::compareTo).orElse(Duration.ZERO);
  }

  /** Returns the windows of the changing slots as one; null if no slot is changing. */
  StoredState.@Nullable StoredWindow openWindow() {
    Deferred change = deferred;
    Set<ChangeWindow> open = change != null ? Set.of(change.window) : content().open();
    return open.isEmpty()
        ? null
        : new StoredState.StoredWindow(
            Collections.min(open.stream().map(ChangeWindow::since).toList()),
            Collections.max(open.stream().map(ChangeWindow::deadline).toList()),
            open.stream().mapToInt(ChangeWindow::extensions).max().orElse(0));
  }

  /** Returns how often the window of a changing slot was extended, at most. */
  int extensions() {
    return content().open().stream().mapToInt(ChangeWindow::extensions).max().orElse(0);
  }

  /**
   * Returns when the last changing slot settles; empty if no slot is changing. Computes no slots.
   */
  Optional<Duration> until() {
    Deferred change = deferred;
    if (change != null) {
      return Optional.of(change.window.deadline());
    }
    return content().open().stream().map(ChangeWindow::deadline).max(Duration::compareTo);
  }

  /**
   * Returns whether the dataplane has ended all windows by itself, because no step came in time.
   */
  boolean hasEnded(Duration now) {
    return until().filter(end -> now.compareTo(end.plus(ChangeWindow.GRACE)) >= 0).isPresent();
  }

  /**
   * Sets when the dataplane ends the windows of a VIP with this ring by itself. Does nothing if no
   * slot is changing.
   */
  void putDeadline(DeadlineTable deadlines, int vip, Duration now) {
    until().ifPresent(end -> deadlines.put(vip, end.plus(ChangeWindow.GRACE).minus(now)));
  }
}
