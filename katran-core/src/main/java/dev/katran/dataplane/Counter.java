package dev.katran.dataplane;

/** Names a counter of the dataplane. */
public sealed interface Counter {

  /** Counters of the whole dataplane; bytes are those of the frames as they arrived. */
  enum Total implements Counter {
    TX,
    DROP,
    PASS
  }

  /**
   * Packets to a VIP that went to a backend; bytes are the IPv4 total length, or the IPv6 payload
   * length.
   */
  record OfVip(int number) implements Counter {}

  /** Packets that went to a backend, of all VIPs; bytes as for a VIP. */
  record OfBackend(int number) implements Counter {}
}
