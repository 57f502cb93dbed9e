package dev.katran;

import java.util.OptionalLong;

/**
 * Packets to VIPs with {@link Vip.Builder#quic}, see {@link Counters#quic}.
 *
 * @since 0.1.0
 */
public final class QuicCounts {

  private final long routedByRing;
  private final long initial;
  private final long routedById;
  private final long[] byVersion;
  private final long invalidId;
  private final OptionalLong invalidIdSample;
  private final long unknownBackendDropped;
  private final long flowTableMatch;
  private final long flowTableMismatch;
  private final long flowTableAbsent;
  private final long icmp;

  QuicCounts(
      long routedByRing,
      long initial,
      long routedById,
      long[] byVersion,
      long invalidId,
      OptionalLong invalidIdSample,
      long unknownBackendDropped,
      long flowTableMatch,
      long flowTableMismatch,
      long flowTableAbsent,
      long icmp) {
    this.routedByRing = routedByRing;
    this.initial = initial;
    this.routedById = routedById;
    this.byVersion = byVersion;
    this.invalidId = invalidId;
    this.invalidIdSample = invalidIdSample;
    this.unknownBackendDropped = unknownBackendDropped;
    this.flowTableMatch = flowTableMatch;
    this.flowTableMismatch = flowTableMismatch;
    this.flowTableAbsent = flowTableAbsent;
    this.icmp = icmp;
  }

  /** Returns packets without a known server id. The flow table may have routed them. */
  public long routedByRing() {
    return routedByRing;
  }

  /** Returns packets of clients that do not have a server's connection id yet. */
  public long initial() {
    return initial;
  }

  /** Returns packets that were routed by their server id. */
  public long routedById() {
    return routedById;
  }

  /**
   * Returns packets whose connection id has a given version. Version 0 carries no server id.
   *
   * @param version 0 to 3, the top two bits of the connection id
   * @throws IllegalArgumentException if it is out of range
   */
  public long version(int version) {
    if (version < 0 || version >= byVersion.length) {
      throw new IllegalArgumentException(
          "connection id version %d is not in 0..%d".formatted(version, byVersion.length - 1));
    }
    return byVersion[version];
  }

  /** Returns packets whose server id is not in the table. */
  public long invalidId() {
    return invalidId;
  }

  /** Returns one recent server id that is not in the table. A sample, not a sum. */
  public OptionalLong invalidIdSample() {
    return invalidIdSample;
  }

  /** Returns packets dropped because the id's backend is gone. */
  public long unknownBackendDropped() {
    return unknownBackendDropped;
  }

  /** Returns packets routed by id whose flow the flow table had at the same backend. */
  public long flowTableMatch() {
    return flowTableMatch;
  }

  /** Returns packets routed by id whose flow the flow table had at another backend. */
  public long flowTableMismatch() {
    return flowTableMismatch;
  }

  /** Returns packets routed by id whose flow was not in the flow table. */
  public long flowTableAbsent() {
    return flowTableAbsent;
  }

  /** Returns ICMP errors about flows of such VIPs. */
  public long icmp() {
    return icmp;
  }
}
