package dev.katran.internal.dataplane.memory;

import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.internal.packet.FiveTuple;
import dev.katran.internal.packet.Frame;
import dev.katran.internal.packet.ParsedFrame;
import dev.katran.internal.packet.QuicHeader;
import dev.katran.internal.packet.TcpOptions;
import java.util.List;
import java.util.OptionalInt;
import org.jspecify.annotations.Nullable;

/**
 * Routes packets by the server ids in them; {@code server_id.h} in Java. A backend puts its server
 * id into a field that clients repeat. A packet without a server id, or with an unassigned one, is
 * routed by its flow.
 */
final class ServerIdRouting {

  /** Returned for a server id with a removed backend. The packet is dropped. */
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
  private final HeapIndexTable<Integer, Integer> serverIds;
  private final HeapBackends backends;
  private final FlowTracker tracker;
  private final HeapCounters counters;
  private volatile int quicInvalidIdSample;

  ServerIdRouting(
      DataplaneConfig config,
      HeapIndexTable<Integer, Integer> serverIds,
      HeapBackends backends,
      FlowTracker tracker,
      HeapCounters counters) {
    this.tcpServerIds = config.tcpServerIds();
    this.serverIds = serverIds;
    this.backends = backends;
    this.tracker = tracker;
    this.counters = counters;
  }

  /** Returns a recent QUIC server id that has no backend, or 0. */
  int quicInvalidIdSample() {
    return quicInvalidIdSample;
  }

  /** Returns the index of a backend, {@link Dataplane#NO_BACKEND} or {@link #GONE}. */
  int route(Frame frame, ParsedFrame.Packet packet, HeapVipTable.Match match) {
    VipEntry vip = match.vip();
    if (packet.flow().protocol() == FiveTuple.TCP) {
      return tcpServerIds && !packet.isIcmpError()
          ? byTcp(frame, packet, match)
          : Dataplane.NO_BACKEND;
    }
    if (packet.isIcmpError()) {
      return vip.has(VipFlags.QUIC) ? byQuotedQuic(frame, packet) : Dataplane.NO_BACKEND;
    }
    int backend = vip.has(VipFlags.QUIC) ? byQuic(frame, packet, match) : Dataplane.NO_BACKEND;
    return backend == Dataplane.NO_BACKEND && vip.has(VipFlags.UDP_STABLE_ROUTING)
        ? byStableHeader(frame, packet)
        : backend;
  }

  private int byQuic(Frame frame, ParsedFrame.Packet packet, HeapVipTable.Match match) {
    QuicHeader quic = new QuicHeader(frame, udpPayload(packet), udpEnd(frame, packet));
    if (quic.isInitial()) {
      counters.add(Counter.Total.QUIC_INITIAL);
      return Dataplane.NO_BACKEND;
    }
    int id = quicServerId(frame, quic.destinationId());
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
          switch (reconcile(packet, match, backend)) {
            case MATCH -> Counter.Total.QUIC_FLOW_MATCH;
            case MISMATCH -> Counter.Total.QUIC_FLOW_MISMATCH;
            case ABSENT -> Counter.Total.QUIC_FLOW_ABSENT;
          });
    }
    return backend;
  }

  /**
   * Routes an ICMP error about a QUIC connection like the connection, by the source id of the
   * server's packet that it quotes (RFC 9000, section 14.4.1).
   */
  private int byQuotedQuic(Frame frame, ParsedFrame.Packet packet) {
    counters.add(Counter.Total.QUIC_ICMP);
    if (packet.isQuotedFragment()) {
      return Dataplane.NO_BACKEND;
    }
    int payload = packet.quoted() + Frame.UDP_HEADER;
    QuicHeader quic = new QuicHeader(frame, payload, packet.end());
    Integer backend = find(quicServerId(frame, quic.sourceId()));
    return backend == null || backends.isGone(backend) ? Dataplane.NO_BACKEND : backend;
  }

  /** Returns whether the packet opens a QUIC connection to a VIP that routes by QUIC ids. */
  static boolean isQuicInitial(Frame frame, ParsedFrame.Packet packet, VipEntry vip) {
    return vip.has(VipFlags.QUIC)
        && packet.flow().protocol() == FiveTuple.UDP
        && !packet.isIcmpError()
        && new QuicHeader(frame, udpPayload(packet), udpEnd(frame, packet)).isInitial();
  }

  private static int udpPayload(ParsedFrame.Packet packet) {
    return packet.transport() + Frame.UDP_HEADER;
  }

  /** Returns the offset behind the UDP packet, as its own header states it. */
  private static int udpEnd(Frame frame, ParsedFrame.Packet packet) {
    return packet.transport() + frame.unsignedShort(packet.transport() + 4);
  }

  private int quicServerId(Frame frame, OptionalInt id) {
    if (id.isEmpty()) {
      return 0;
    }
    counters.add(QUIC_VERSIONS.get(QuicHeader.idVersion(frame, id.getAsInt())));
    return QuicHeader.serverId(frame, id.getAsInt());
  }

  /** Routes by the stable routing header. Every packet has one, so the flow is not tracked. */
  private int byStableHeader(Frame frame, ParsedFrame.Packet packet) {
    int header = udpPayload(packet);
    if (udpEnd(frame, packet) < header + STABLE_HEADER_LENGTH
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

  private int byTcp(Frame frame, ParsedFrame.Packet packet, HeapVipTable.Match match) {
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
        && reconcile(packet, match, backend) == FlowTracker.Reconciliation.MISMATCH) {
      counters.add(Counter.Total.TCP_ID_MISMATCH);
    }
    return backend;
  }

  private FlowTracker.Reconciliation reconcile(
      ParsedFrame.Packet packet, HeapVipTable.Match match, int backend) {
    VipEntry vip = match.vip();
    FlowTracker.Reconciliation result = tracker.reconcile(packet, match.flow(), backend, vip);
    switch (result) {
      case MATCH -> {
        // counted as routed by id
      }
      case MISMATCH -> counters.add(new Counter.OfVip(vip.number(), Counter.VipEvent.ID_MISMATCH));
      case ABSENT -> counters.add(new Counter.OfVip(vip.number(), Counter.VipEvent.ID_NEW));
    }
    return result;
  }

  /**
   * Returns the backend with a server id. Ids are unsigned: those above 2^31-1 are not assigned.
   */
  private @Nullable Integer find(int id) {
    return id <= 0 ? null : serverIds.get(id);
  }
}
