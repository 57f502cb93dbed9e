package dev.katran.internal.control;

import com.google.common.collect.Sets;
import dev.katran.BackendKey;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.dataplane.VipEntry;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A write to the dataplane, and how to undo it. Both write absolute values, so that each may be
 * repeated, and an operation that failed half way can be undone like one that succeeded.
 */
sealed interface Operation {

  /** Writes what is new. */
  void run(Dataplane dataplane);

  /** Writes what was there before, whether {@link #run} succeeded or not. */
  void undo(Dataplane dataplane);

  /** Specialises the program. */
  record UseProgram(Features before, Features after) implements Operation {

    @Override
    public void run(Dataplane dataplane) {
      dataplane.program().use(after);
    }

    @Override
    public void undo(Dataplane dataplane) {
      dataplane.program().use(before);
    }
  }

  /**
   * Inserts or changes a backend.
   *
   * @param before null if it is new
   */
  record PutBackend(int number, @Nullable BackendEntry before, BackendEntry after)
      implements Operation {

    @Override
    public void run(Dataplane dataplane) {
      if (before == null) {
        dataplane.counters().clear(new Counter.OfBackend(number));
        dataplane.counters().clear(new Counter.WatchedMisses(number));
      }
      dataplane.backends().put(number, after);
    }

    @Override
    public void undo(Dataplane dataplane) {
      if (before == null) {
        dataplane.backends().remove(number);
      } else {
        dataplane.backends().put(number, before);
      }
    }
  }

  /**
   * Inserts or replaces the ring of a VIP.
   *
   * @param before null if the VIP is new
   */
  record PutRing(int vip, @Nullable RingState before, RingState after) implements Operation {

    @Override
    public void run(Dataplane dataplane) {
      if (before == null) {
        for (Counter.VipEvent event : Counter.VipEvent.values()) {
          dataplane.counters().clear(new Counter.OfVip(vip, event));
        }
      }
      put(dataplane, after);
    }

    @Override
    public void undo(Dataplane dataplane) {
      put(dataplane, before);
    }

    /** Returns the slots that are needed to compute those that change; null if none. */
    @Nullable RingSlots changing() {
      return before != null && after.isDeferred() ? before.slots() : null;
    }

    private void put(Dataplane dataplane, @Nullable RingState ring) {
      RingSlots slots = ring == null ? null : ring.slots();
      if (slots == null || slots.isEmpty()) {
        dataplane.rings().remove(vip);
      } else {
        dataplane.rings().put(vip, slots);
      }
    }
  }

  /**
   * Sets when the dataplane ends a VIP's changes by itself. Precedes the ring that begins a change.
   *
   * @param fromNow the time until then. Not earlier than an earlier change ends, so that nothing is
   *     to be undone: a later deadline only delays the end if this process is gone
   */
  record PutDeadline(int vip, Duration fromNow) implements Operation {

    @Override
    public void run(Dataplane dataplane) {
      dataplane.deadlines().put(vip, fromNow);
    }

    @Override
    public void undo(Dataplane dataplane) {
      // see fromNow
    }
  }

  /**
   * Inserts, changes or removes a VIP.
   *
   * @param before null if it is new
   * @param after null to remove it
   */
  record PutVip(VipKey key, @Nullable VipEntry before, @Nullable VipEntry after)
      implements Operation {

    @Override
    public void run(Dataplane dataplane) {
      put(dataplane, after);
    }

    @Override
    public void undo(Dataplane dataplane) {
      put(dataplane, before);
    }

    private void put(Dataplane dataplane, @Nullable VipEntry entry) {
      if (entry == null) {
        dataplane.vips().remove(key);
      } else {
        dataplane.vips().put(key, entry);
      }
    }
  }

  /** Starts or stops answering pings. */
  record AnswerPing(Destination destination, boolean answer) implements Operation {

    @Override
    public void run(Dataplane dataplane) {
      dataplane.vips().answerPing(destination, answer);
    }

    @Override
    public void undo(Dataplane dataplane) {
      dataplane.vips().answerPing(destination, !answer);
    }
  }

  /** Marks backends down, or up again. */
  record Mark(Set<DownKey> keys, boolean down) implements Operation {

    @Override
    public void run(Dataplane dataplane) {
      set(dataplane, down);
    }

    @Override
    public void undo(Dataplane dataplane) {
      set(dataplane, !down);
    }

    private void set(Dataplane dataplane, boolean down) {
      if (down) {
        Map<DownKey, Integer> marks = new HashMap<>();
        keys.forEach(key -> marks.put(key, 1));
        dataplane.down().put(marks);
      } else {
        dataplane.down().remove(keys);
      }
    }
  }

  /**
   * Inserts or changes the VIPs, by index, that the answers of rewritten backends belong to.
   *
   * @param before those of the entries that are there
   */
  record PutReverse(Map<ReverseKey, Integer> before, Map<ReverseKey, Integer> after)
      implements Operation {

    @Override
    public void run(Dataplane dataplane) {
      dataplane.reverse().put(after);
    }

    @Override
    public void undo(Dataplane dataplane) {
      dataplane.reverse().remove(Sets.difference(after.keySet(), before.keySet()));
      dataplane.reverse().put(before);
    }
  }

  /** Writes a table of server ids, source routes or tunnel endpoints. */
  record WriteTable(
      DesiredState.TableWrite write,
      Map<BackendKey, InstalledState.InstalledBackend> before,
      Map<BackendKey, InstalledState.InstalledBackend> after)
      implements Operation {

    @Override
    public void run(Dataplane dataplane) {
      write.run(after);
    }

    @Override
    public void undo(Dataplane dataplane) {
      write.undo(before);
    }

    /** Leaves out the backends, of which there may be many. */
    @Override
    public String toString() {
      return "WriteTable[" + write + "]";
    }
  }
}
