package dev.katran.metrics;

import dev.katran.Counters;
import java.util.EnumMap;
import java.util.Locale;
import java.util.Map;

/** Why a packet was dropped; the values of the tag {@code reason}. */
enum DropReason {
  MALFORMED,
  IP_OPTIONS,
  FRAGMENT,
  /** The packet in a tunnel is for no VIP. */
  TUNNEL,
  RING_EMPTY,
  BACKEND_UNKNOWN,
  /** The frame has no room for outer headers. */
  HEADROOM,
  /** The budget of answers for this second was spent. */
  ANSWERS_LIMITED,
  CONGESTION,
  /** A server id names a backend that is gone. */
  SERVER_ID;

  /** Returns the tag's value, such as {@code ip_options}. */
  String tag() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** Returns the packets dropped for each reason. */
  static Map<DropReason, Long> read(Counters counters) {
    Map<DropReason, Long> drops = new EnumMap<>(DropReason.class);
    for (DropReason reason : values()) {
      drops.put(reason, reason.count(counters));
    }
    return drops;
  }

  private long count(Counters counters) {
    return switch (this) {
      case MALFORMED -> counters.refused().malformed();
      case IP_OPTIONS -> counters.refused().ipOptions();
      case FRAGMENT -> counters.refused().fragments();
      case TUNNEL -> counters.refused().tunnels();
      case RING_EMPTY -> counters.ringDrops().empty();
      case BACKEND_UNKNOWN -> counters.ringDrops().unknownBackend();
      case HEADROOM -> {
        Counters.ByFamily failures = counters.encapsulationFailures();
        yield failures.ipv4() + failures.ipv6();
      }
      case ANSWERS_LIMITED -> counters.answersLimited();
      case CONGESTION -> counters.congestionDrops();
      case SERVER_ID ->
          counters.quic().unknownBackendDropped()
              + counters.tcpServerIds().unknownBackendDropped()
              + counters.udpStableRouting().unknownBackendDropped();
    };
  }
}
