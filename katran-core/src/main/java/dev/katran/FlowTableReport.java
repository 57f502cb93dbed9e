package dev.katran;

/**
 * How the flow table is used, see {@link Flows#report}.
 *
 * @param capacity how many entries there may be
 * @param entries how many entries there are
 * @param stale entries that no longer count and only wait to be evicted: UDP flows without a packet
 *     for 30 seconds, and flows whose VIP or backend is gone
 * @param idle other entries that have been without a packet for the given time
 * @since 0.1.0
 */
public record FlowTableReport(long capacity, long entries, long stale, long idle) {}
