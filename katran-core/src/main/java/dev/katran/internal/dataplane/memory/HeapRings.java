package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.dataplane.RingTable;
import dev.katran.internal.dataplane.VipEntry;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** The rings, by VIP index; {@code ring.h} in Java. */
final class HeapRings implements RingTable {

  private final int slots;
  private final Map<Integer, RingSlots> rings = new ConcurrentHashMap<>();

  HeapRings(int slots) {
    this.slots = slots;
  }

  @Override
  public void put(int vip, RingSlots ring) {
    ring.checkSize(slots);
    rings.put(vip, ring);
  }

  @Override
  public void mark(int vip, RingSlots ring) {
    put(vip, ring);
  }

  @Override
  public void remove(int vip) {
    rings.remove(vip);
  }

  @Override
  public long place(int vip) {
    RingSlots ring = rings.get(vip);
    return ring == null ? 0 : 1L << Integer.SIZE | Integer.toUnsignedLong(ring.hashCode());
  }

  @Override
  public @Nullable RingSlots adopt(int vip, RingSlots stable) {
    RingSlots installed = rings.get(vip);
    return installed == null ? null : stable.withUnstable(installed.words(), installed::previous);
  }

  @Override
  public void retain(Set<Integer> vips) {
    rings.keySet().retainAll(vips);
  }

  /** Returns the ring of a VIP, or null if it has none. */
  @Nullable RingSlots get(VipEntry vip) {
    return rings.get(vip.number());
  }
}
