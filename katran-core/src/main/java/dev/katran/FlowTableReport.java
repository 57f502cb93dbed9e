package dev.katran;

/**
 * How the flow table is used, see {@link Flows#report}.
 *
 * @param capacity how many entries there may be
 * @param entries how many there are
 * @param stale how many of them are not heeded any more, and only wait for their place to be
 *     needed: UDP flows without a packet for 30 seconds, and those whose VIP or backend is gone
 * @param idle how many of the others have had no packet for as long as was asked
 */
public record FlowTableReport(long capacity, long entries, long stale, long idle) {}
