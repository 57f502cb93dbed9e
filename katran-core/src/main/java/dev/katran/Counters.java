package dev.katran;

import dev.katran.dataplane.Counter;
import dev.katran.dataplane.Dataplane;
import java.net.InetAddress;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * What a balancer has counted since it was opened. Each method reads the counter when it is called,
 * straight from the memory that the program counts in; nothing is stopped for it, so that counts
 * read one after another may differ by the packets that came in between.
 */
public final class Counters {

  private final Dataplane dataplane;
  private final Supplier<State> state;

  Counters(Dataplane dataplane, Supplier<State> state) {
    this.dataplane = dataplane;
    this.state = state;
  }

  /** All frames that came in; bytes are those of the frames as they arrived. */
  public Count total() {
    return sent().plus(dropped()).plus(passed());
  }

  /** Frames that were sent, to backends or as answers; bytes as they arrived. */
  public Count sent() {
    return dataplane.count(Counter.Total.TX);
  }

  /** Frames that were discarded; bytes as they arrived. */
  public Count dropped() {
    return dataplane.count(Counter.Total.DROP);
  }

  /** Frames that were left to the host; bytes as they arrived. */
  public Count passed() {
    return dataplane.count(Counter.Total.PASS);
  }

  /**
   * Packets to a VIP that were sent to one of its backends, since the VIP was installed; bytes are
   * the IPv4 total length, or the IPv6 payload length.
   *
   * @throws IllegalArgumentException if the VIP is not installed
   */
  public Count vip(Vip vip) {
    return vip(vip.key());
  }

  /** The same, for whoever has only the key. */
  public Count vip(VipKey key) {
    return count(key, Counter.VipEvent.FORWARDED);
  }

  private Count count(VipKey key, Counter.VipEvent event) {
    State.Installed installed = state.get().vips().get(key);
    if (installed == null) {
      throw new IllegalArgumentException(key + " is not installed");
    }
    return dataplane.count(new Counter.OfVip(installed.number(), event));
  }

  /**
   * Of {@link #vip(Vip)}, the packets that came in a tunnel which ended here; bytes likewise, of
   * the packet that was in it.
   *
   * @throws IllegalArgumentException if the VIP is not installed
   */
  public Count decapsulated(VipKey key) {
    return count(key, Counter.VipEvent.DECAPSULATED);
  }

  /**
   * What the flow table had to say of the packets to a tracked VIP that were routed by a server id.
   *
   * @throws IllegalArgumentException if the VIP is not installed
   */
  public ServerIdCounts serverIds(VipKey key) {
    return new ServerIdCounts(
        count(key, Counter.VipEvent.ID_NEW).packets(),
        count(key, Counter.VipEvent.ID_MISMATCH).packets());
  }

  /**
   * Packets that were sent to a backend, of all VIPs that it serves, since it came to serve the
   * first of them; bytes as for a VIP.
   *
   * @throws IllegalArgumentException if no VIP and no table has the backend
   */
  public Count backend(Backend backend) {
    return backend(backend.address());
  }

  /** The same, for whoever has only the address. */
  public Count backend(InetAddress address) {
    return dataplane.count(new Counter.OfBackend(number(address)));
  }

  private int number(InetAddress backend) {
    State.InstalledBackend installed = state.get().backends().get(backend);
    if (installed == null) {
      throw new IllegalArgumentException(
          "no VIP and no table has the backend " + Addresses.text(backend));
    }
    return installed.number();
  }

  /**
   * Packets of the {@linkplain LoadBalancer#watch watched} VIP that the flow table did not know and
   * that were sent to a backend; bytes as for a VIP.
   *
   * @throws IllegalArgumentException if no VIP and no table has the backend
   */
  public Count watchedMisses(InetAddress backend) {
    return dataplane.count(new Counter.WatchedMisses(number(backend)));
  }

  /** What the flow table was asked. */
  public FlowTableCounts flowTable() {
    return new FlowTableCounts(
        packets(Counter.Total.FLOW_LOOKUPS),
        packets(Counter.Total.FLOW_MISSES),
        packets(Counter.Total.FLOW_MISSES_SYN),
        packets(Counter.Total.FLOW_MISSES_TCP),
        packets(Counter.Total.FLOW_FALLBACK),
        dataplane.newFlows(),
        packets(Counter.Total.FLOWS_LIMITED));
  }

  /** Answers to senders of packets that are too big, by the packet's family. */
  public ByFamily answeredTooBig() {
    return byFamily(Counter.Total.TOO_BIG_V4, Counter.Total.TOO_BIG_V6);
  }

  /** New flows of VIPs with source routing. */
  public SourceRoutingCounts sourceRouting() {
    return new SourceRoutingCounts(
        packets(Counter.Total.SOURCE_HITS), packets(Counter.Total.SOURCE_MISSES));
  }

  /** What came in tunnels that ended here. */
  public DecapsulationCounts decapsulation() {
    return new DecapsulationCounts(
        byFamily(Counter.Total.DECAPSULATED_V4, Counter.Total.DECAPSULATED_V6),
        byFamily(Counter.Total.RECIRCULATED_V4, Counter.Total.RECIRCULATED_V6),
        byFamily(Counter.Total.EGRESS_V4, Counter.Total.EGRESS_V6));
  }

  /** Packets dropped for want of room in front of them, by the outer header's family. */
  public ByFamily encapsulationFailures() {
    return byFamily(Counter.Total.ENCAP_FAILED_V4, Counter.Total.ENCAP_FAILED_V6);
  }

  /** Packets dropped because no backend could be had. */
  public RingDrops ringDrops() {
    return new RingDrops(packets(Counter.Total.RING_EMPTY), packets(Counter.Total.BACKEND_UNKNOWN));
  }

  /** Packets to VIPs with {@link Vip.Builder#quic}. */
  public QuicCounts quic() {
    int sample = dataplane.quicInvalidIdSample();
    return new QuicCounts(
        packets(Counter.Total.QUIC_RING),
        packets(Counter.Total.QUIC_INITIAL),
        packets(Counter.Total.QUIC_ID),
        packets(Counter.Total.QUIC_VERSION_0),
        packets(Counter.Total.QUIC_VERSION_1),
        packets(Counter.Total.QUIC_VERSION_2),
        packets(Counter.Total.QUIC_VERSION_3),
        packets(Counter.Total.QUIC_INVALID_ID),
        sample == 0 ? OptionalLong.empty() : OptionalLong.of(Integer.toUnsignedLong(sample)),
        packets(Counter.Total.QUIC_UNKNOWN_BACKEND),
        packets(Counter.Total.QUIC_FLOW_MATCH),
        packets(Counter.Total.QUIC_FLOW_MISMATCH),
        packets(Counter.Total.QUIC_FLOW_ABSENT),
        packets(Counter.Total.QUIC_ICMP));
  }

  /** TCP packets, if {@link LoadBalancerBuilder#tcpServerIds} is on. */
  public TcpServerIdCounts tcpServerIds() {
    return new TcpServerIdCounts(
        packets(Counter.Total.TCP_ID_SYN),
        packets(Counter.Total.TCP_ID_RING),
        packets(Counter.Total.TCP_ID_ID),
        packets(Counter.Total.TCP_ID_MISMATCH),
        packets(Counter.Total.TCP_ID_INVALID),
        packets(Counter.Total.TCP_ID_UNKNOWN_BACKEND));
  }

  /** Packets to VIPs with {@link Vip.Builder#udpStableRouting}. */
  public StableRoutingCounts udpStableRouting() {
    return new StableRoutingCounts(
        packets(Counter.Total.STABLE_RING),
        packets(Counter.Total.STABLE_ID),
        packets(Counter.Total.STABLE_INVALID_ID),
        packets(Counter.Total.STABLE_UNKNOWN_BACKEND),
        packets(Counter.Total.STABLE_NO_HEADER));
  }

  /** Messages of routers that came in, for whomever: a packet was too big for them. */
  public PathMtuCounts pathMtu() {
    return new PathMtuCounts(
        byFamily(Counter.Total.PTB_V4, Counter.Total.PTB_V6),
        byFamily(Counter.Total.PTB_V4_SMALL, Counter.Total.PTB_V6_SMALL));
  }

  /** Packets whose flow left a backend because it is {@linkplain DownBackends down}. */
  public long udpFlowMigrations() {
    return packets(Counter.Total.UDP_MIGRATIONS);
  }

  /** Packets for a VIP that stands for a prefix. */
  public long prefixMatches() {
    return packets(Counter.Total.PREFIX_MATCHES);
  }

  private long packets(Counter.Total counter) {
    return dataplane.count(counter).packets();
  }

  private ByFamily byFamily(Counter.Total ipv4, Counter.Total ipv6) {
    return new ByFamily(packets(ipv4), packets(ipv6));
  }

  /**
   * Packets by address family.
   *
   * @param ipv4 of IPv4
   * @param ipv6 of IPv6
   */
  public record ByFamily(long ipv4, long ipv6) {}

  /**
   * What the flow table was asked, see {@link #flowTable()}.
   *
   * @param lookups packets of tracked VIPs that no server id placed
   * @param misses of these, the ones whose flow it did not know; a SYN's never is
   * @param synMisses of the misses, TCP with SYN
   * @param otherTcpMisses of the misses, TCP without SYN
   * @param fallbacks packets on a core that has no part of the table as its own, see {@link
   *     LoadBalancerBuilder#forwardingCores}
   * @param newFlows no sum: flows that began in the current second
   * @param limited new flows that were not entered, for there were too many in that second
   */
  public record FlowTableCounts(
      long lookups,
      long misses,
      long synMisses,
      long otherTcpMisses,
      long fallbacks,
      long newFlows,
      long limited) {}

  /**
   * New flows of VIPs with source routing, see {@link #sourceRouting()}.
   *
   * @param hits whose source had a route
   * @param misses the others
   */
  public record SourceRoutingCounts(long hits, long misses) {}

  /**
   * What came in tunnels, see {@link #decapsulation()}; by the outer header's family.
   *
   * @param decapsulated packets that were taken out
   * @param recirculated of these, the ones that were then balanced
   * @param egress of these, the ones that were sent back out
   */
  public record DecapsulationCounts(
      ByFamily decapsulated, ByFamily recirculated, ByFamily egress) {}

  /**
   * Packets that were dropped, see {@link #ringDrops()}.
   *
   * @param empty nobody serves their slot of the ring
   * @param unknownBackend the backend is not known any more, or has no next hop yet
   */
  public record RingDrops(long empty, long unknownBackend) {}

  /**
   * Packets to VIPs with QUIC, see {@link #quic()}.
   *
   * @param routedByRing packets without an id that somebody has; the flow table may have placed
   *     them
   * @param initial of clients that have no id of a server yet
   * @param routedById packets that an id placed
   * @param version0 connection ids of version 0, which hold no server id
   * @param version1 connection ids of version 1
   * @param version2 connection ids of version 2
   * @param version3 connection ids of version 3
   * @param invalidId packets with an id that nobody has
   * @param invalidIdSample no sum: a late such id
   * @param unknownBackendDropped packets dropped because the id's backend is gone
   * @param flowTableMatch of those routed by id, the ones that the flow table had at the same
   *     backend
   * @param flowTableMismatch the ones that it had at another one, until then
   * @param flowTableAbsent the ones that it did not know, until then
   * @param icmp ICMP errors about flows of such VIPs
   */
  public record QuicCounts(
      long routedByRing,
      long initial,
      long routedById,
      long version0,
      long version1,
      long version2,
      long version3,
      long invalidId,
      OptionalLong invalidIdSample,
      long unknownBackendDropped,
      long flowTableMatch,
      long flowTableMismatch,
      long flowTableAbsent,
      long icmp) {}

  /**
   * TCP packets to VIPs, see {@link #tcpServerIds()}.
   *
   * @param syn SYNs, whose ids are ignored
   * @param routedByRing packets without an id that somebody has; the flow table may have placed
   *     them
   * @param routedById packets that an id placed
   * @param mismatch of these, the ones that the flow table had at another backend, until then
   * @param invalidId packets with an id that nobody has
   * @param unknownBackendDropped packets dropped because the id's backend is gone
   */
  public record TcpServerIdCounts(
      long syn,
      long routedByRing,
      long routedById,
      long mismatch,
      long invalidId,
      long unknownBackendDropped) {}

  /**
   * Packets to VIPs with UDP stable routing, see {@link #udpStableRouting()}.
   *
   * @param routedByRing packets without an id that somebody has; the flow table may have placed
   *     them
   * @param routedById packets that an id placed
   * @param invalidId packets with an id that nobody has
   * @param unknownBackendDropped packets dropped because the id's backend is gone
   * @param withoutHeader of those routed by the ring, the ones that have no stable routing header
   */
  public record StableRoutingCounts(
      long routedByRing,
      long routedById,
      long invalidId,
      long unknownBackendDropped,
      long withoutHeader) {}

  /**
   * Server ids and the flow table, see {@link #serverIds(VipKey)}.
   *
   * @param newFlows packets whose flow the flow table did not know
   * @param mismatches packets whose flow it had at another backend
   */
  public record ServerIdCounts(long newFlows, long mismatches) {}

  /**
   * ICMP "fragmentation needed" and ICMPv6 "packet too big", see {@link #pathMtu()}.
   *
   * @param messages all of them
   * @param below1280 those with an MTU below 1280, the least that IPv6 allows
   */
  public record PathMtuCounts(ByFamily messages, ByFamily below1280) {}
}
