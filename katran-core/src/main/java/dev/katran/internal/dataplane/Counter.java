package dev.katran.internal.dataplane;

/** Identifies a counter of the dataplane. {@code katran.h} describes each one. */
public sealed interface Counter {

  /** Counters of the whole dataplane: {@code enum katran_balancer_counter}. */
  enum Total implements Counter {
    TX,
    DROP,
    PASS,
    FLOW_LOOKUPS,
    FLOW_MISSES,
    FLOW_MISSES_SYN,
    FLOW_MISSES_TCP,
    FLOW_FALLBACK,
    /** Read by {@link CounterTable#newFlows}. */
    NEW_FLOWS,
    FLOWS_LIMITED,
    CHANGES_LIMITED,
    TOO_BIG_V4,
    TOO_BIG_V6,
    SOURCE_HITS,
    SOURCE_MISSES,
    DECAPSULATED_V4,
    DECAPSULATED_V6,
    RECIRCULATED_V4,
    RECIRCULATED_V6,
    EGRESS_V4,
    EGRESS_V6,
    ENCAP_FAILED_V4,
    ENCAP_FAILED_V6,
    RING_EMPTY,
    BACKEND_UNKNOWN,
    QUIC_RING,
    QUIC_INITIAL,
    QUIC_ID,
    QUIC_VERSION_0,
    QUIC_VERSION_1,
    QUIC_VERSION_2,
    QUIC_VERSION_3,
    QUIC_INVALID_ID,
    /** Read by {@link CounterTable#quicInvalidIdSample}. */
    QUIC_INVALID_ID_SAMPLE,
    QUIC_UNKNOWN_BACKEND,
    QUIC_FLOW_MATCH,
    QUIC_FLOW_MISMATCH,
    QUIC_FLOW_ABSENT,
    TCP_ID_SYN,
    TCP_ID_RING,
    TCP_ID_ID,
    TCP_ID_MISMATCH,
    TCP_ID_INVALID,
    TCP_ID_UNKNOWN_BACKEND,
    STABLE_RING,
    STABLE_ID,
    STABLE_INVALID_ID,
    STABLE_UNKNOWN_BACKEND,
    STABLE_NO_HEADER,
    QUIC_ICMP,
    PTB_V4,
    PTB_V4_SMALL,
    PTB_V6,
    PTB_V6_SMALL,
    UDP_MIGRATIONS,
    PREFIX_MATCHES,
    MALFORMED,
    IP_OPTIONS,
    FRAGMENTS,
    ANSWERS_LIMITED,
    TUNNELS_REFUSED,
    CONGESTED,
    REVERSED,
    REVERSED_BY_HOST,
    TIME_EXCEEDED,
    NOT_REWRITABLE
  }

  /** Events that are counted per VIP: {@code enum katran_vip_counter}. */
  enum VipEvent {
    /** Packets sent to a backend. Bytes are the IPv4 total length or the IPv6 payload length. */
    FORWARDED,
    /** The forwarded packets that arrived in a tunnel. */
    DECAPSULATED,
    /** Packets routed by a server id whose flow was not in the flow table. */
    ID_NEW,
    /** Packets routed by a server id to a backend other than the one in the flow table. */
    ID_MISMATCH
  }

  /** A counter of one VIP. */
  record OfVip(int number, VipEvent event) implements Counter {}

  /** Packets of all VIPs sent to one backend. Bytes as in {@link VipEvent#FORWARDED}. */
  record OfBackend(int number) implements Counter {}

  /** Flow table misses of watched VIPs, by the backend that the packets were sent to. */
  record WatchedMisses(int backend) implements Counter {}
}
