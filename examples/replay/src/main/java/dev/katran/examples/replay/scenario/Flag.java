package dev.katran.examples.replay.scenario;

/** The flags of a scenario's VIPs, named as in {@code scenario.json}. */
public enum Flag {
  /** Does not hash the source port. */
  HASH_NO_SRC_PORT,
  /** Does not track the VIP's flows. */
  LRU_BYPASS,
  /** Takes server ids from QUIC connection ids. */
  QUIC,
  /** Hashes only the destination port. */
  HASH_DST_PORT_ONLY,
  /** Selects a backend by the client's prefix. */
  SOURCE_ROUTING,
  /** Passes packets of local backends to the host. */
  LOCAL,
  /** Shares the flow table between all CPUs. This library always does. */
  GLOBAL_LRU,
  /** Hashes the destination port of a VIP for every port as well. */
  HASH_SRC_DST_PORT,
  /** Takes server ids from UDP stable routing headers. */
  UDP_STABLE_ROUTING,
  /** Moves flows off backends that are down. */
  UDP_FLOW_MIGRATION
}
