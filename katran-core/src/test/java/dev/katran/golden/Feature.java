package dev.katran.golden;

import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;

/** What a row of a scenario may need of a balancer beyond the plain function of the flow. */
enum Feature {
  QUIC,
  UDP_FLOW_MIGRATION,
  UDP_STABLE_ROUTING,
  SOURCE_ROUTING,
  LOCAL,
  CIDR,
  FLOW_TABLE,
  GUE,
  ICMP_TOO_BIG,
  DECAPSULATION,
  TCP_SERVER_ID;

  /** What the balancer has today. */
  static final Set<Feature> SUPPORTED = EnumSet.of(GUE, ICMP_TOO_BIG);

  /** What a VIP's flag needs, if anything. */
  static Optional<Feature> ofFlag(String flag) {
    return switch (flag) {
      case "QUIC" -> Optional.of(QUIC);
      case "UDP_FLOW_MIGRATION" -> Optional.of(UDP_FLOW_MIGRATION);
      case "UDP_STABLE_ROUTING" -> Optional.of(UDP_STABLE_ROUTING);
      case "SOURCE_ROUTING" -> Optional.of(SOURCE_ROUTING);
      case "LOCAL" -> Optional.of(LOCAL);
      // hash flags are no feature; without a flow table there is none to bypass or to share
      case "HASH_NO_SRC_PORT",
          "HASH_DST_PORT_ONLY",
          "HASH_SRC_DST_PORT",
          "LRU_BYPASS",
          "GLOBAL_LRU" ->
          Optional.empty();
      default -> throw new IllegalArgumentException("unknown flag " + flag);
    };
  }
}
