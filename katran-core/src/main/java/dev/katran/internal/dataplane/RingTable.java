package dev.katran.internal.dataplane;

import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The rings of a {@link Dataplane}, by VIP index. */
public interface RingTable {

  /**
   * Returns the backends of an installed ring, if reading them is quicker than computing them;
   * otherwise null. Any threads may read while none writes.
   */
  default @Nullable RingBackends read(RingSlots ring) {
    return null;
  }

  /**
   * Computes rings that are put next, on all CPUs. A dataplane that needs their slots computes
   * those as well.
   *
   * @param rings so few that their slots fit in memory
   */
  default void announce(List<Supplier<RingSlots>> rings) {
    List<RingSlots> ignored = rings.parallelStream().map(Supplier::get).toList();
  }

  /**
   * Inserts or atomically replaces the ring of a VIP.
   *
   * @param ring a ring with the configured number of slots
   */
  void put(int vip, RingSlots ring);

  /**
   * Inserts or atomically replaces the ring of a VIP with a ring of stable slots.
   *
   * @param slots the backend index of each slot, or {@link Dataplane#NO_BACKEND}; as many as the
   *     configured ring size
   */
  default void put(int vip, int[] slots) {
    put(vip, RingSlots.stable(slots));
  }

  /**
   * Updates the state of a VIP's slots in place: changing slots become settled, and settled slots
   * become stable. Each slot is updated atomically.
   *
   * @param ring the installed ring with other states. The backends must be those of the installed
   *     ring, which must have at least one slot that is not stable
   */
  void mark(int vip, RingSlots ring);

  /** Removes the ring of a VIP: its packets are dropped. */
  void remove(int vip);

  /**
   * Returns what identifies the ring of a VIP: another number after another ring was put, the same
   * again when that is undone, 0 if there is none.
   */
  long place(int vip);

  /**
   * Takes over the ring of a VIP that an earlier control plane has installed.
   *
   * @param stable the ring's backends, in slots that are all stable
   * @return the ring, with those of its slots that are not stable; null if the VIP has none
   */
  @Nullable RingSlots adopt(int vip, RingSlots stable);

  /** Removes the rings of all VIPs but these. */
  void retain(Set<Integer> vips);
}
