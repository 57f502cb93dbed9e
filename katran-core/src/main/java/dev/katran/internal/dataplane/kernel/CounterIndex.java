package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.generated.Katran;
import dev.katran.internal.dataplane.Counter;

/** The index of each counter within a CPU's counters, as defined in {@code katran.h}. */
final class CounterIndex {

  private CounterIndex() {}

  /** Returns the index of a counter. */
  static int of(Counter counter, MapGeometry geometry) {
    return switch (counter) {
      case Counter.Total total -> of(total);
      case Counter.OfVip(int vip, Counter.VipEvent event) ->
          Katran.KATRAN_FIRST_VIP_COUNTER() + vip * Katran.KATRAN_COUNTERS_PER_VIP() + of(event);
      case Counter.OfBackend(int backend) -> geometry.firstBackendCounter() + backend;
      case Counter.WatchedMisses(int backend) -> backend; // has its own map
    };
  }

  private static int of(Counter.VipEvent event) {
    return switch (event) {
      case FORWARDED -> Katran.KATRAN_VIP_FORWARDED();
      case DECAPSULATED -> Katran.KATRAN_VIP_DECAPSULATED();
      case ID_NEW -> Katran.KATRAN_VIP_ID_NEW();
      case ID_MISMATCH -> Katran.KATRAN_VIP_ID_MISMATCH();
    };
  }

  private static int of(Counter.Total total) {
    return switch (total) {
      case TX -> Katran.KATRAN_TX();
      case DROP -> Katran.KATRAN_DROP();
      case PASS -> Katran.KATRAN_PASS();
      case FLOW_LOOKUPS -> Katran.KATRAN_FLOW_LOOKUPS();
      case FLOW_MISSES -> Katran.KATRAN_FLOW_MISSES();
      case FLOW_MISSES_SYN -> Katran.KATRAN_FLOW_MISSES_SYN();
      case FLOW_MISSES_TCP -> Katran.KATRAN_FLOW_MISSES_TCP();
      case FLOW_FALLBACK -> Katran.KATRAN_FLOW_FALLBACK();
      case NEW_FLOWS -> Katran.KATRAN_NEW_FLOWS();
      case FLOWS_LIMITED -> Katran.KATRAN_FLOWS_LIMITED();
      case CHANGES_LIMITED -> Katran.KATRAN_CHANGES_LIMITED();
      case TOO_BIG_V4 -> Katran.KATRAN_TOO_BIG_V4();
      case TOO_BIG_V6 -> Katran.KATRAN_TOO_BIG_V6();
      case SOURCE_HITS -> Katran.KATRAN_SOURCE_HITS();
      case SOURCE_MISSES -> Katran.KATRAN_SOURCE_MISSES();
      case DECAPSULATED_V4 -> Katran.KATRAN_DECAPSULATED_V4();
      case DECAPSULATED_V6 -> Katran.KATRAN_DECAPSULATED_V6();
      case RECIRCULATED_V4 -> Katran.KATRAN_RECIRCULATED_V4();
      case RECIRCULATED_V6 -> Katran.KATRAN_RECIRCULATED_V6();
      case EGRESS_V4 -> Katran.KATRAN_EGRESS_V4();
      case EGRESS_V6 -> Katran.KATRAN_EGRESS_V6();
      case ENCAP_FAILED_V4 -> Katran.KATRAN_ENCAP_FAILED_V4();
      case ENCAP_FAILED_V6 -> Katran.KATRAN_ENCAP_FAILED_V6();
      case RING_EMPTY -> Katran.KATRAN_RING_EMPTY();
      case BACKEND_UNKNOWN -> Katran.KATRAN_BACKEND_UNKNOWN();
      case QUIC_RING -> Katran.KATRAN_QUIC_RING();
      case QUIC_INITIAL -> Katran.KATRAN_QUIC_INITIAL();
      case QUIC_ID -> Katran.KATRAN_QUIC_ID();
      case QUIC_VERSION_0 -> Katran.KATRAN_QUIC_VERSION_0();
      case QUIC_VERSION_1 -> Katran.KATRAN_QUIC_VERSION_1();
      case QUIC_VERSION_2 -> Katran.KATRAN_QUIC_VERSION_2();
      case QUIC_VERSION_3 -> Katran.KATRAN_QUIC_VERSION_3();
      case QUIC_INVALID_ID -> Katran.KATRAN_QUIC_INVALID_ID();
      case QUIC_INVALID_ID_SAMPLE -> Katran.KATRAN_QUIC_INVALID_ID_SAMPLE();
      case QUIC_UNKNOWN_BACKEND -> Katran.KATRAN_QUIC_UNKNOWN_BACKEND();
      case QUIC_FLOW_MATCH -> Katran.KATRAN_QUIC_FLOW_MATCH();
      case QUIC_FLOW_MISMATCH -> Katran.KATRAN_QUIC_FLOW_MISMATCH();
      case QUIC_FLOW_ABSENT -> Katran.KATRAN_QUIC_FLOW_ABSENT();
      case TCP_ID_SYN -> Katran.KATRAN_TCP_ID_SYN();
      case TCP_ID_RING -> Katran.KATRAN_TCP_ID_RING();
      case TCP_ID_ID -> Katran.KATRAN_TCP_ID_ID();
      case TCP_ID_MISMATCH -> Katran.KATRAN_TCP_ID_MISMATCH();
      case TCP_ID_INVALID -> Katran.KATRAN_TCP_ID_INVALID();
      case TCP_ID_UNKNOWN_BACKEND -> Katran.KATRAN_TCP_ID_UNKNOWN_BACKEND();
      case STABLE_RING -> Katran.KATRAN_STABLE_RING();
      case STABLE_ID -> Katran.KATRAN_STABLE_ID();
      case STABLE_INVALID_ID -> Katran.KATRAN_STABLE_INVALID_ID();
      case STABLE_UNKNOWN_BACKEND -> Katran.KATRAN_STABLE_UNKNOWN_BACKEND();
      case STABLE_NO_HEADER -> Katran.KATRAN_STABLE_NO_HEADER();
      case QUIC_ICMP -> Katran.KATRAN_QUIC_ICMP();
      case PTB_V4 -> Katran.KATRAN_PTB_V4();
      case PTB_V4_SMALL -> Katran.KATRAN_PTB_V4_SMALL();
      case PTB_V6 -> Katran.KATRAN_PTB_V6();
      case PTB_V6_SMALL -> Katran.KATRAN_PTB_V6_SMALL();
      case UDP_MIGRATIONS -> Katran.KATRAN_UDP_MIGRATIONS();
      case PREFIX_MATCHES -> Katran.KATRAN_PREFIX_MATCHES();
      case MALFORMED -> Katran.KATRAN_MALFORMED();
      case IP_OPTIONS -> Katran.KATRAN_IP_OPTIONS();
      case FRAGMENTS -> Katran.KATRAN_FRAGMENTS();
      case ANSWERS_LIMITED -> Katran.KATRAN_ANSWERS_LIMITED();
      case TUNNELS_REFUSED -> Katran.KATRAN_TUNNELS_REFUSED();
      case CONGESTED -> Katran.KATRAN_CONGESTED();
      case REVERSED -> Katran.KATRAN_REVERSED();
      case REVERSED_BY_HOST -> Katran.KATRAN_REVERSED_BY_HOST();
      case TIME_EXCEEDED -> Katran.KATRAN_TIME_EXCEEDED();
      case NOT_REWRITABLE -> Katran.KATRAN_NOT_REWRITABLE();
    };
  }
}
