package dev.katran.internal.control;

import com.google.common.collect.Maps;
import dev.katran.BackendKey;
import dev.katran.Count;
import dev.katran.VipKey;
import java.util.Collections;
import java.util.Map;

/** The packets of all VIPs and backends of a state, read at once. Immutable. */
public final class TrafficCounts {

  private final InstalledState state;
  private final long[] vips;
  private final long[] backends;

  /**
   * Creates counts.
   *
   * @param vips packets and bytes by index, see {@link
   *     dev.katran.internal.dataplane.CounterTable#readAll}
   * @param backends packets and bytes by index
   */
  TrafficCounts(InstalledState state, long[] vips, long[] backends) {
    this.state = state;
    this.vips = vips;
    this.backends = backends;
  }

  /** Returns a read-only view of the packets of each VIP. */
  public Map<VipKey, Count> vips() {
    return Collections.unmodifiableMap(
        Maps.transformValues(state.vips(), vip -> count(vips, vip.number())));
  }

  /** Returns a read-only view of the packets of each backend. */
  public Map<BackendKey, Count> backends() {
    return Collections.unmodifiableMap(
        Maps.transformValues(state.backends(), backend -> count(backends, backend.number())));
  }

  /** Returns the number of slots of all VIPs that are changing. */
  public long changingSlots() {
    return state.vips().values().stream().mapToLong(vip -> vip.slots().changing()).sum();
  }

  /** Returns the number of slots of all VIPs that are settled. */
  public long settledSlots() {
    return state.vips().values().stream().mapToLong(vip -> vip.slots().settled()).sum();
  }

  private static Count count(long[] counts, int index) {
    return new Count(counts[2 * index], counts[2 * index + 1]);
  }
}
