package dev.katran.dataplane;

/** Names a counter of the dataplane. */
public sealed interface Counter {

  /** Counters of the whole dataplane: {@code KATRAN_*} of the ABI, in the same order. */
  enum Total implements Counter {
    TX,
    DROP,
    PASS,
    FLOW_LOOKUPS,
    FLOW_MISSES,
    FLOW_MISSES_SYN,
    FLOW_MISSES_TCP,
    FLOW_FALLBACK,
    /** Read by {@link Dataplane#newFlows}. */
    NEW_FLOWS,
    FLOWS_LIMITED,
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
    /** Read by {@link Dataplane#quicInvalidIdSample}. */
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
    PREFIX_MATCHES
  }

  /** What is counted of a VIP: {@code KATRAN_VIP_*} of the ABI, in the same order. */
  enum VipEvent {
    /** Packets that went to a backend; bytes: IPv4 total length, IPv6 payload length. */
    FORWARDED,
    /** Of these, the ones that came in a tunnel. */
    DECAPSULATED,
    /** Packets routed by a server id whose flow the flow table did not know. */
    ID_NEW,
    /** Packets routed by a server id to another backend than the flow table said. */
    ID_MISMATCH
  }

  /** Something about a VIP. */
  record OfVip(int number, VipEvent event) implements Counter {}

  /** Packets that went to a backend, of all VIPs; bytes as for a VIP. */
  record OfBackend(int number) implements Counter {}

  /** Packets of watched VIPs that the flow table did not know, by the backend they went to. */
  record WatchedMisses(int backend) implements Counter {}
}
