package dev.katran;

import dev.katran.internal.control.InstalledState;
import dev.katran.internal.control.TrafficCounts;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.CounterTable;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Supplier;

/**
 * The counters of a balancer since it was opened. Each method reads its counter when it is called,
 * from memory shared with the program and without a system call. Forwarding is not stopped, so
 * counts that are read one after another may differ by the packets in between.
 *
 * <p>Counters of a VIP or backend are empty if it is not installed, so that a metrics scraper need
 * not care about concurrent removals.
 *
 * @since 0.1.0
 */
public final class Counters {

  private final CounterTable counters;
  private final Supplier<InstalledState> state;
  private final Supplier<TrafficCounts> traffic;

  Counters(CounterTable counters, Supplier<InstalledState> state, Supplier<TrafficCounts> traffic) {
    this.counters = counters;
    this.state = state;
    this.traffic = traffic;
  }

  /** Returns all frames that arrived; bytes are those of the frames as they arrived. */
  public Count total() {
    return sent().plus(dropped()).plus(passed());
  }

  /** Returns frames sent to backends or as answers; bytes as they arrived. */
  public Count sent() {
    return counters.read(Counter.Total.TX);
  }

  /** Returns dropped frames; bytes as they arrived. */
  public Count dropped() {
    return counters.read(Counter.Total.DROP);
  }

  /** Returns frames passed to the host; bytes as they arrived. */
  public Count passed() {
    return counters.read(Counter.Total.PASS);
  }

  /**
   * Returns packets to a VIP that were sent to one of its backends since the VIP was installed;
   * bytes are the IPv4 total length or the IPv6 payload length. Empty if the VIP is not installed.
   */
  public Optional<Count> vip(VipKey key) {
    return count(key, Counter.VipEvent.FORWARDED);
  }

  /** Returns the packets of the VIP with this one's key, see {@link #vip(VipKey)}. */
  public Optional<Count> vip(Vip vip) {
    return vip(vip.key());
  }

  private Optional<Count> count(VipKey key, Counter.VipEvent event) {
    return Optional.ofNullable(state.get().vips().get(key))
        .map(installed -> counters.read(new Counter.OfVip(installed.number(), event)));
  }

  /**
   * Returns, of {@link #vip(VipKey)}, the packets from tunnels that ended here; bytes are those of
   * the inner packets. Empty if the VIP is not installed.
   */
  public Optional<Count> decapsulated(VipKey key) {
    return count(key, Counter.VipEvent.DECAPSULATED);
  }

  /**
   * Returns how packets of a tracked VIP that were routed by a server id compare with the flow
   * table. Empty if the VIP is not installed.
   */
  public Optional<ServerIdCounts> serverIds(VipKey key) {
    return count(key, Counter.VipEvent.ID_NEW)
        .flatMap(isNew ->
            count(key, Counter.VipEvent.ID_MISMATCH)
                .map(mismatch -> new ServerIdCounts(isNew.packets(), mismatch.packets())));
  }

  /**
   * Returns packets sent to a backend, of all VIPs that it serves, since it was installed; bytes as
   * for a VIP. Empty if no VIP and no table has the backend.
   */
  public Optional<Count> backend(BackendKey key) {
    return index(key).map(index -> counters.read(new Counter.OfBackend(index)));
  }

  /** Returns the packets of the backend with this one's key, see {@link #backend(BackendKey)}. */
  public Optional<Count> backend(Backend backend) {
    return backend(backend.key());
  }

  /**
   * Returns the packets of all VIPs and all backends, read at once. Much cheaper than one by one:
   * some milliseconds for 10,000 VIPs and 100,000 backends.
   *
   * {@snippet :
   * Counters.Snapshot now = lb.counters().snapshot();
   * now.vips().forEach((vip, count) -> gauge(vip, count.packets()));
   * }
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Snapshot snapshot() {
    return new Snapshot(traffic.get());
  }

  private Optional<Integer> index(BackendKey backend) {
    return Optional.ofNullable(state.get().backends().get(backend)).map(found -> found.number());
  }

  /**
   * Returns packets of the {@linkplain LoadBalancer#watch watched} VIP that were not in the flow
   * table and were sent to a backend; bytes as for a VIP. Empty if no VIP and no table has the
   * backend.
   */
  public Optional<Count> flowMissesByBackend(BackendKey key) {
    return index(key).map(index -> counters.read(new Counter.WatchedMisses(index)));
  }

  /** Returns lookups in the flow table. */
  public FlowTableCounts flowTable() {
    return new FlowTableCounts(
        packets(Counter.Total.FLOW_LOOKUPS),
        packets(Counter.Total.FLOW_MISSES),
        packets(Counter.Total.FLOW_MISSES_SYN),
        packets(Counter.Total.FLOW_MISSES_TCP),
        packets(Counter.Total.FLOW_FALLBACK),
        counters.newFlows(),
        packets(Counter.Total.FLOWS_LIMITED));
  }

  /** Returns the answers to senders of oversized packets, by the packet's family. */
  public ByFamily packetTooBigSent() {
    return byFamily(Counter.Total.TOO_BIG_V4, Counter.Total.TOO_BIG_V6);
  }

  /** Returns packets that were dropped because they cannot be balanced. */
  public RefusedCounts refused() {
    return new RefusedCounts(
        packets(Counter.Total.MALFORMED),
        packets(Counter.Total.IP_OPTIONS),
        packets(Counter.Total.FRAGMENTS),
        packets(Counter.Total.TUNNELS_REFUSED));
  }

  /**
   * Returns packets that were dropped instead of answered with an echo reply or an ICMP error,
   * because the budget of the second was spent; see {@link LoadBalancerBuilder#answersPerSecond}.
   */
  public long answersLimited() {
    return packets(Counter.Total.ANSWERS_LIMITED);
  }

  /**
   * Returns packets from tunnels that were dropped because a router marked the outer header as
   * congested (CE) although the sender of the inner packet does not understand such marks (RFC
   * 6040, section 4.2).
   */
  public long congestionDrops() {
    return packets(Counter.Total.CONGESTED);
  }

  /** Returns new flows of VIPs with source routing. */
  public SourceRoutingCounts sourceRouting() {
    return new SourceRoutingCounts(
        packets(Counter.Total.SOURCE_HITS), packets(Counter.Total.SOURCE_MISSES));
  }

  /** Returns packets from tunnels that ended here. */
  public DecapsulationCounts decapsulation() {
    return new DecapsulationCounts(
        byFamily(Counter.Total.DECAPSULATED_V4, Counter.Total.DECAPSULATED_V6),
        byFamily(Counter.Total.RECIRCULATED_V4, Counter.Total.RECIRCULATED_V6),
        byFamily(Counter.Total.EGRESS_V4, Counter.Total.EGRESS_V6));
  }

  /** Returns packets dropped for lack of headroom, by the outer header's family. */
  public ByFamily encapsulationFailures() {
    return byFamily(Counter.Total.ENCAP_FAILED_V4, Counter.Total.ENCAP_FAILED_V6);
  }

  /** Returns packets dropped for lack of a backend. */
  public RingDrops ringDrops() {
    return new RingDrops(packets(Counter.Total.RING_EMPTY), packets(Counter.Total.BACKEND_UNKNOWN));
  }

  /** Returns packets to VIPs with {@link Vip.Builder#quic}. */
  public QuicCounts quic() {
    int sample = counters.quicInvalidIdSample();
    return new QuicCounts(
        packets(Counter.Total.QUIC_RING),
        packets(Counter.Total.QUIC_INITIAL),
        packets(Counter.Total.QUIC_ID),
        new long[] {
          packets(Counter.Total.QUIC_VERSION_0),
          packets(Counter.Total.QUIC_VERSION_1),
          packets(Counter.Total.QUIC_VERSION_2),
          packets(Counter.Total.QUIC_VERSION_3)
        },
        packets(Counter.Total.QUIC_INVALID_ID),
        sample == 0 ? OptionalLong.empty() : OptionalLong.of(Integer.toUnsignedLong(sample)),
        packets(Counter.Total.QUIC_UNKNOWN_BACKEND),
        packets(Counter.Total.QUIC_FLOW_MATCH),
        packets(Counter.Total.QUIC_FLOW_MISMATCH),
        packets(Counter.Total.QUIC_FLOW_ABSENT),
        packets(Counter.Total.QUIC_ICMP));
  }

  /** Returns TCP packets, if {@link LoadBalancerBuilder#tcpServerIds} is on. */
  public TcpServerIdCounts tcpServerIds() {
    return new TcpServerIdCounts(
        packets(Counter.Total.TCP_ID_SYN),
        packets(Counter.Total.TCP_ID_RING),
        packets(Counter.Total.TCP_ID_ID),
        packets(Counter.Total.TCP_ID_MISMATCH),
        packets(Counter.Total.TCP_ID_INVALID),
        packets(Counter.Total.TCP_ID_UNKNOWN_BACKEND));
  }

  /** Returns packets to VIPs with {@link Vip.Builder#udpStableRouting}. */
  public StableRoutingCounts udpStableRouting() {
    return new StableRoutingCounts(
        packets(Counter.Total.STABLE_RING),
        packets(Counter.Total.STABLE_ID),
        packets(Counter.Total.STABLE_INVALID_ID),
        packets(Counter.Total.STABLE_UNKNOWN_BACKEND),
        packets(Counter.Total.STABLE_NO_HEADER));
  }

  /** Returns "packet too big" messages of routers that arrived, for any destination. */
  public PathMtuCounts pathMtu() {
    return new PathMtuCounts(
        byFamily(Counter.Total.PTB_V4, Counter.Total.PTB_V6),
        byFamily(Counter.Total.PTB_V4_SMALL, Counter.Total.PTB_V6_SMALL));
  }

  /** Returns packets whose flow left a backend that is {@linkplain DownBackends marked down}. */
  public long udpFlowMigrations() {
    return packets(Counter.Total.UDP_MIGRATIONS);
  }

  /** Returns packets that matched a VIP by prefix. */
  public long prefixMatches() {
    return packets(Counter.Total.PREFIX_MATCHES);
  }

  private long packets(Counter.Total counter) {
    return counters.read(counter).packets();
  }

  private ByFamily byFamily(Counter.Total ipv4, Counter.Total ipv6) {
    return new ByFamily(packets(ipv4), packets(ipv6));
  }

  /**
   * The packets of all VIPs and backends at one time, see {@link #snapshot}. Immutable.
   *
   * @since 0.1.0
   */
  public static final class Snapshot {

    private final TrafficCounts traffic;

    private Snapshot(TrafficCounts traffic) {
      this.traffic = traffic;
    }

    /** Returns the packets of each VIP as of {@link Counters#vip(VipKey)}; in no order. */
    public Map<VipKey, Count> vips() {
      return traffic.vips();
    }

    /** Returns the packets of each backend as of {@link Counters#backend(BackendKey)}. */
    public Map<BackendKey, Count> backends() {
      return traffic.backends();
    }

    /**
     * Returns how many slots of all VIPs recently got another backend, see {@link
     * VipStatus#changing}. Visits no flows.
     */
    public long changingSlots() {
      return traffic.changingSlots();
    }

    /**
     * Returns how many slots of all VIPs may still have tracked flows at another backend, see
     * {@link VipStatus#settled}. Visits no flows.
     */
    public long settledSlots() {
      return traffic.settledSlots();
    }

    /** Returns text such as {@code counts of 10 VIPs and 100 backends}. */
    @Override
    public String toString() {
      return "counts of %d VIPs and %d backends".formatted(vips().size(), backends().size());
    }
  }

  /**
   * Packets by address family.
   *
   * @param ipv4 IPv4 packets
   * @param ipv6 IPv6 packets
   * @since 0.1.0
   */
  public record ByFamily(long ipv4, long ipv6) {}

  /**
   * Lookups in the flow table, see {@link #flowTable()}.
   *
   * @param lookups packets of tracked VIPs that no server id routed
   * @param misses of these, packets whose flow was not in the table; a SYN always misses
   * @param synMisses of the misses, TCP with SYN
   * @param otherTcpMisses of the misses, TCP without SYN
   * @param fallbacks accesses by a core without a table of its own, see {@link
   *     LoadBalancerBuilder#forwardingCores}
   * @param newFlows flows that began in the current second; not a sum
   * @param limited new flows that were not inserted, because there were too many in a second or
   *     their part of the table was full of others
   * @since 0.1.0
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
   * Dropped packets, see {@link #refused()}.
   *
   * @param malformed packets for any destination whose IP version or lengths are wrong, and packets
   *     for a VIP's address with an incomplete transport header
   * @param ipOptions packets for a VIP's address with IPv4 options
   * @param fragments fragments for a VIP's address
   * @param tunnels packets from tunnels that are for no VIP's address, see {@link
   *     LoadBalancerBuilder#anyInnerDestination}
   * @since 0.1.0
   */
  public record RefusedCounts(long malformed, long ipOptions, long fragments, long tunnels) {}

  /**
   * New flows of VIPs with source routing, see {@link #sourceRouting()}.
   *
   * @param hits flows whose source matched a route
   * @param misses all other flows
   * @since 0.1.0
   */
  public record SourceRoutingCounts(long hits, long misses) {}

  /**
   * Packets from tunnels, see {@link #decapsulation()}; by the outer header's family.
   *
   * @param decapsulated packets that were decapsulated
   * @param recirculated of these, packets that were then balanced
   * @param egress of these, packets that were sent back out
   * @since 0.1.0
   */
  public record DecapsulationCounts(
      ByFamily decapsulated, ByFamily recirculated, ByFamily egress) {}

  /**
   * Dropped packets, see {@link #ringDrops()}.
   *
   * @param empty packets whose ring slot has no backend
   * @param unknownBackend packets whose backend is gone or has no next hop yet
   * @since 0.1.0
   */
  public record RingDrops(long empty, long unknownBackend) {}

  /**
   * TCP packets to VIPs, see {@link #tcpServerIds()}.
   *
   * @param syn SYNs, whose ids are ignored
   * @param routedByRing packets without a known server id; the flow table may have routed them
   * @param routedById packets routed by their server id
   * @param mismatch of these, packets whose flow the flow table had at another backend
   * @param invalidId packets whose server id is not in the table
   * @param unknownBackendDropped packets dropped because the id's backend is gone
   * @since 0.1.0
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
   * @param routedByRing packets without a known server id; the flow table may have routed them
   * @param routedById packets routed by their server id
   * @param invalidId packets whose server id is not in the table
   * @param unknownBackendDropped packets dropped because the id's backend is gone
   * @param withoutHeader of those routed by the ring, packets without a stable routing header
   * @since 0.1.0
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
   * @param newFlows packets whose flow was not in the flow table
   * @param mismatches packets whose flow the flow table had at another backend
   * @since 0.1.0
   */
  public record ServerIdCounts(long newFlows, long mismatches) {}

  /**
   * ICMP "fragmentation needed" and ICMPv6 "packet too big", see {@link #pathMtu()}.
   *
   * @param messages all of them
   * @param below1280 those with an MTU below 1280, the least that IPv6 allows
   * @since 0.1.0
   */
  public record PathMtuCounts(ByFamily messages, ByFamily below1280) {}
}
