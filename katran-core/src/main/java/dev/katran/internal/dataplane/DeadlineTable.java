package dev.katran.internal.dataplane;

import java.time.Duration;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * When the changes of VIPs end by themselves, by VIP index. From then on, packets treat changing
 * slots like settled ones: a known flow goes to the backend of its entry, any other to the current
 * backend, and none is inserted into the flow table. So a change ends even if the process that
 * should settle the slots is gone.
 *
 * <p>A new VIP has no deadline. Deadlines are written to memory, which cannot fail.
 */
public interface DeadlineTable {

  /**
   * Sets the deadline of a VIP, in place of an earlier one.
   *
   * @param fromNow the time until the deadline, by a clock that does not stop with the process; 0
   *     or less if it has passed
   */
  void put(int vip, Duration fromNow);

  /** Removes the deadline of a VIP: its changes end when their slots are settled. */
  void remove(int vip);

  /**
   * Returns the time until the deadline of a VIP, not positive if it has passed; null if the VIP
   * has none.
   */
  @Nullable Duration left(int vip);

  /** Removes the deadlines of all VIPs but these. */
  void retain(Set<Integer> vips);
}
