package dev.katran.dataplane;

import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Places packets by the server ids in them: backends put theirs where clients repeat it. A packet
 * without one, or with one that nobody has, goes on.
 */
final class ServerIdRouting {

  /** What is said of a packet whose server id is that of a backend that is gone: it drops. */
  static final int GONE = -1;

  private static final int STABLE_HEADER = 0x52;
  private static final int STABLE_HEADER_LENGTH = 8;

  private static final List<Counter.Total> QUIC_VERSIONS =
      List.of(
          Counter.Total.QUIC_VERSION_0,
          Counter.Total.QUIC_VERSION_1,
          Counter.Total.QUIC_VERSION_2,
          Counter.Total.QUIC_VERSION_3);

  private final boolean tcpServerIds;
  private final HashNumberTable<Integer, Integer> serverIds;
  private final Backends backends;
  private final FlowTracker tracker;
  private final CounterTable counters;
  private volatile int quicInvalidIdSample;

  ServerIdRouting(
      DataplaneConfig config,
      HashNumberTable<Integer, Integer> serverIds,
      Backends backends,
      FlowTracker tracker,
      CounterTable counters) {
    this.tcpServerIds = config.tcpServerIds();
    this.serverIds = serverIds;
    this.backends = backends;
    this.tracker = tracker;
    this.counters = counters;
  }

  int quicInvalidIdSample() {
    return quicInvalidIdSample;
  }

  /** A backend, {@link Dataplane#NO_BACKEND} or {@link #GONE}. */
  int route(Frame frame, Parsed.Packet packet, VipTable.Match match) {
    VipEntry vip = match.vip();
    if (packet.flow().protocol() == FiveTuple.TCP) {
      return tcpServerIds && !packet.isError() ? byTcp(frame, packet, match) : Dataplane.NO_BACKEND;
    }
    if (packet.isError()) {
      if (vip.has(VipFlags.QUIC)) {
        counters.add(Counter.Total.QUIC_ICMP);
      }
      return Dataplane.NO_BACKEND;
    }
    int backend = vip.has(VipFlags.QUIC) ? byQuic(frame, packet, match) : Dataplane.NO_BACKEND;
    return backend == Dataplane.NO_BACKEND && vip.has(VipFlags.UDP_STABLE_ROUTING)
        ? byStableHeader(frame, packet)
        : backend;
  }

  private int byQuic(Frame frame, Parsed.Packet packet, VipTable.Match match) {
    int quic = packet.transport() + Frame.UDP_HEADER;
    if (QuicHeader.isInitial(frame, quic)) {
      counters.add(Counter.Total.QUIC_INITIAL);
      return Dataplane.NO_BACKEND;
    }
    int id = quicServerId(frame, quic);
    Integer backend = find(id);
    if (backend == null) {
      if (id != 0) {
        quicInvalidIdSample = id;
        counters.add(Counter.Total.QUIC_INVALID_ID);
      }
      counters.add(Counter.Total.QUIC_RING);
      return Dataplane.NO_BACKEND;
    }
    if (backends.isGone(backend)) {
      counters.add(Counter.Total.QUIC_UNKNOWN_BACKEND);
      return GONE;
    }
    counters.add(Counter.Total.QUIC_ID);
    if (match.vip().has(VipFlags.TRACKED)) {
      counters.add(
          switch (align(packet, match, backend)) {
            case MATCH -> Counter.Total.QUIC_FLOW_MATCH;
            case MISMATCH -> Counter.Total.QUIC_FLOW_MISMATCH;
            case ABSENT -> Counter.Total.QUIC_FLOW_ABSENT;
          });
    }
    return backend;
  }

  private int quicServerId(Frame frame, int quic) {
    OptionalInt id = QuicHeader.connectionId(frame, quic);
    if (id.isEmpty()) {
      return 0;
    }
    counters.add(QUIC_VERSIONS.get(QuicHeader.version(frame, id.getAsInt())));
    return QuicHeader.serverId(frame, id.getAsInt());
  }

  /** The flow table is not asked, and does not learn of it: such packets say it every time. */
  private int byStableHeader(Frame frame, Parsed.Packet packet) {
    int header = packet.transport() + Frame.UDP_HEADER;
    if (frame.length() < header + STABLE_HEADER_LENGTH
        || frame.unsignedByte(header) != STABLE_HEADER) {
      counters.add(Counter.Total.STABLE_NO_HEADER);
      counters.add(Counter.Total.STABLE_RING);
      return Dataplane.NO_BACKEND;
    }
    int id = frame.signedInt(header) & 0xff_ffff;
    Integer backend = find(id);
    if (backend == null) {
      if (id != 0) {
        counters.add(Counter.Total.STABLE_INVALID_ID);
      }
      counters.add(Counter.Total.STABLE_RING);
      return Dataplane.NO_BACKEND;
    }
    if (backends.isGone(backend)) {
      counters.add(Counter.Total.STABLE_UNKNOWN_BACKEND);
      return GONE;
    }
    counters.add(Counter.Total.STABLE_ID);
    return backend;
  }

  private int byTcp(Frame frame, Parsed.Packet packet, VipTable.Match match) {
    if (packet.isSyn()) {
      counters.add(Counter.Total.TCP_ID_SYN);
      return Dataplane.NO_BACKEND;
    }
    int id = TcpOptions.serverId(frame, packet.transport());
    Integer backend = find(id);
    if (backend == null) {
      if (id != 0) {
        counters.add(Counter.Total.TCP_ID_INVALID);
      }
      counters.add(Counter.Total.TCP_ID_RING);
      return Dataplane.NO_BACKEND;
    }
    if (backends.isGone(backend)) {
      counters.add(Counter.Total.TCP_ID_UNKNOWN_BACKEND);
      return GONE;
    }
    counters.add(Counter.Total.TCP_ID_ID);
    if (match.vip().has(VipFlags.TRACKED)
        && align(packet, match, backend) == FlowTracker.Agreement.MISMATCH) {
      counters.add(Counter.Total.TCP_ID_MISMATCH);
    }
    return backend;
  }

  private FlowTracker.Agreement align(Parsed.Packet packet, VipTable.Match match, int backend) {
    VipEntry vip = match.vip();
    FlowTracker.Agreement agreement = tracker.align(packet, match.flow(), backend, vip);
    switch (agreement) {
      case MATCH -> {
        // nothing to tell
      }
      case MISMATCH -> counters.add(new Counter.OfVip(vip.number(), Counter.VipEvent.ID_MISMATCH));
      case ABSENT -> counters.add(new Counter.OfVip(vip.number(), Counter.VipEvent.ID_NEW));
    }
    return agreement;
  }

  /** The backend with this server id; the table has none for 0 and for those above 2^31-1. */
  private @Nullable Integer find(int id) {
    return id <= 0 ? null : serverIds.get(id);
  }
}
