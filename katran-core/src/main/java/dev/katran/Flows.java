package dev.katran;

import static java.util.Objects.requireNonNull;

import dev.katran.internal.control.FlowEntries;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The flow table: the backends of tracked flows, see {@link Tracking}. With {@link
 * Tracking#ADAPTIVE} it is empty before the first change of a ring.
 *
 * <p>Methods that visit all entries read them in batches while packets are forwarded; entries that
 * come or go meanwhile may be missed.
 *
 * <p>A flow has an entry in one of the table's buckets, which have room for eight. In a full bucket
 * a new flow takes the place of the oldest one that a SYN inserted more than a second ago and that
 * no packet has used since, so a flood of SYNs evicts nothing but its own. A packet that begins no
 * connection may also take that of another flow with a single packet, or of one without packets for
 * 16 seconds; in a slot that is changing, for its VIP's {@linkplain Vip.Builder#idleTime idle
 * time}. A flow that finds no place is routed as if it had been forgotten.
 *
 * @since 0.1.0
 */
public final class Flows {

  /** No entry is idle for longer: 292 years. */
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);

  private final FlowEntries entries;
  private final int capacity;

  Flows(FlowEntries entries, int capacity) {
    this.entries = entries;
    this.capacity = capacity;
  }

  /**
   * Returns the entry of a flow; empty if the flow matches no VIP or is not tracked.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Optional<TrackedFlow> find(Flow flow) {
    return entries.find(requireNonNull(flow, "flow"));
  }

  /**
   * Calls an action for each entry whose VIP and backend are installed.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public void forEach(Consumer<TrackedFlow> action) {
    entries.forEach(requireNonNull(action, "action"));
  }

  /**
   * Removes the entry of a flow. Its next packet is routed as if the flow were unknown.
   *
   * @return whether there was an entry
   * @throws IllegalStateException if the balancer is closed
   */
  public boolean remove(Flow flow) {
    return entries.remove(requireNonNull(flow, "flow"));
  }

  /**
   * Removes the entries of a VIP.
   *
   * @return how many there were; 0 if the VIP is not installed
   * @throws IllegalStateException if the balancer is closed
   */
  public long purge(VipKey vip) {
    return entries.purge(requireNonNull(vip, "vip"));
  }

  /**
   * Removes the entries that name a backend, of all VIPs.
   *
   * @return how many there were; 0 if no VIP and no table has the backend
   * @throws IllegalStateException if the balancer is closed
   */
  public long purge(BackendKey backend) {
    return entries.purge(requireNonNull(backend, "backend"));
  }

  /**
   * Reports how the table is used. Visits every entry, which takes some tenths of a second for a
   * million.
   *
   * @param idle how long an entry must be without packets to count as idle; 0 or more, of any
   *     length
   * @throws IllegalArgumentException if it is negative
   * @throws IllegalStateException if the balancer is closed
   */
  public FlowTableReport report(Duration idle) {
    if (idle.isNegative()) {
      throw new IllegalArgumentException("idle time " + idle + " is negative");
    }
    FlowEntries.Usage usage = entries.usage(idle.compareTo(LONGEST) > 0 ? LONGEST : idle);
    return new FlowTableReport(capacity, usage.entries(), usage.stale(), usage.idle());
  }
}
