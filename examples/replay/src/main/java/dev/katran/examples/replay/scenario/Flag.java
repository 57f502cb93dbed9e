package dev.katran.examples.replay.scenario;

/** What a VIP of a scenario may be told to do; named as in the scenarios. */
public enum Flag {
  /** The source port takes no part in the hash. */
  HASH_NO_SRC_PORT,
  /** The VIP's flows are not tracked. */
  LRU_BYPASS,
  /** Server ids come from QUIC connection ids. */
  QUIC,
  /** The destination port alone is hashed. */
  HASH_DST_PORT_ONLY,
  /** Clients of some prefixes have a backend of their own. */
  SOURCE_ROUTING,
  /** What goes to a local backend passes to the host. */
  LOCAL,
  /** A flow is known on whatever CPU its packets arrive: ours always are. */
  GLOBAL_LRU,
  /** The destination port is hashed also of a VIP for every port. */
  HASH_SRC_DST_PORT,
  /** Server ids come from the UDP stable routing header. */
  UDP_STABLE_ROUTING,
  /** Flows leave backends that are down. */
  UDP_FLOW_MIGRATION
}
