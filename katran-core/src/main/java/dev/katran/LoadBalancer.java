package dev.katran;

import com.google.common.collect.ImmutableList;
import dev.katran.dataplane.Dataplane;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.nexthop.NextHops;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.time.Clock;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * An XDP load balancer in this process: packets that come in by an interface for one of its {@link
 * Vip VIPs} are encapsulated and sent to a {@link Backend}, which answers the client directly.
 *
 * <pre>{@code
 * try (LoadBalancer lb = LoadBalancer.on("eth0").open()) {
 *   Vip web = Vip.tcp("203.0.113.10", 443)
 *       .backends(Backend.of("10.0.0.11"), Backend.of("10.0.0.12").weight(2))
 *       .build();
 *   lb.put(web);
 *   lb.put(web.with(Backend.of("10.0.0.13")));
 *   ...
 * }
 * }</pre>
 *
 * <p>Which backend a packet goes to is a function of its flow and of the VIP's {@link Ring}: every
 * balancer with the same VIPs and {@link Limits} decides alike, and one that is restarted goes on
 * at once. Only after a change it is remembered for a while where flows were, see {@link
 * Tracking#ADAPTIVE}.
 *
 * <p>All methods may be called from any thread. Changes are serialised, take effect for the next
 * packet when the method returns, and are all or nothing: a method that throws has changed nothing.
 * Reads never wait for a change.
 */
public final class LoadBalancer implements AutoCloseable {

  private static final Duration MIN_QUIET = Duration.ofSeconds(1);
  private static final Duration MAX_QUIET = Duration.ofDays(1);

  private final Control control;
  private final Table<Integer, Backend> serverIds;
  private final Table<Prefix, Backend> sourceRoutes;
  private final Table<InetAddress, TunnelEnd> tunnelEnds;
  private final DownBackends downBackends;
  private final Flows flows;

  LoadBalancer(Dataplane dataplane, DataplaneConfig config, NextHops nextHops) {
    this(config, new Control(dataplane, config, nextHops, Clock.systemUTC()));
  }

  /** A balancer whose changes take the time that the control's clock tells. */
  LoadBalancer(DataplaneConfig config, Control control) {
    this.control = control;
    this.serverIds = new Table<>(control, TableKinds.serverIds(config.limits()));
    this.sourceRoutes = new Table<>(control, TableKinds.sourceRoutes(config.limits()));
    this.tunnelEnds = new Table<>(control, TableKinds.tunnelEnds(config.decapsulation()));
    this.downBackends = new DownBackends(control);
    this.flows = new Flows(control);
  }

  /**
   * A balancer for the packets that come in by a network interface.
   *
   * @param interfaceName its name in the calling thread's network namespace, such as {@code "eth0"}
   */
  public static LoadBalancerBuilder on(String interfaceName) {
    return LoadBalancerBuilder.attached(interfaceName);
  }

  /**
   * A balancer whose program is in the kernel but attached to nothing: it takes only the frames
   * that {@link #simulate} gives it. For trying out a configuration, and for tests of the datapath.
   */
  public static LoadBalancerBuilder detached() {
    return LoadBalancerBuilder.detached();
  }

  /**
   * A balancer in plain Java, which takes only the frames that {@link #simulate} gives it, and does
   * with them what the program in the kernel does, byte for byte. For the tests of applications: it
   * needs no privileges, no libbpf and not even Linux.
   */
  public static LoadBalancerBuilder inMemory() {
    return LoadBalancerBuilder.inMemory();
  }

  /**
   * Installs a VIP, or changes the installed one that has the same address, port and protocol.
   *
   * <p>Waits up to half a second for the next hops of backends that are new. One that is not found
   * by then is looked for again every second; its packets are dropped until it is.
   *
   * @throws IllegalArgumentException if a backend is via GUE and the balancer has no source address
   *     of its family, or if it is reached differently by another VIP
   * @throws LimitExceededException if there would be more VIPs or backends than {@link #limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void put(Vip vip) {
    control.change(wanted -> wanted.vips.put(vip.key(), vip));
  }

  /**
   * Removes a VIP, so that its packets pass to the host.
   *
   * @return whether it was installed
   * @throws IllegalStateException if the balancer is closed
   */
  public boolean remove(VipKey key) {
    AtomicBoolean removed = new AtomicBoolean();
    control.change(wanted -> removed.set(wanted.vips.remove(key) != null));
    return removed.get();
  }

  /** Removes the VIP with this one's address, port and protocol, see {@link #remove(VipKey)}. */
  public boolean remove(Vip vip) {
    return remove(vip.key());
  }

  /**
   * Makes the installed VIPs equal to a list: installs, changes and removes what differs, and
   * touches nothing else.
   *
   * @throws IllegalArgumentException if two VIPs of the list have the same key, or a backend is
   *     reached as {@link #put} would refuse it
   * @throws LimitExceededException if there would be more VIPs or backends than {@link #limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void apply(List<Vip> wanted) {
    Map<VipKey, Vip> byKey = new LinkedHashMap<>();
    for (Vip vip : wanted) {
      if (byKey.put(vip.key(), vip) != null) {
        throw new IllegalArgumentException("two VIPs for " + vip.key());
      }
    }
    control.change(installed -> {
      installed.vips.clear();
      installed.vips.putAll(byKey);
    });
  }

  /** The installed VIPs. */
  public List<Vip> vips() {
    return control.state().vips().values().stream()
        .map(State.Installed::vip)
        .collect(ImmutableList.toImmutableList());
  }

  /** The installed VIP with this key. */
  public Optional<Vip> vip(VipKey key) {
    return Optional.ofNullable(control.state().vips().get(key)).map(State.Installed::vip);
  }

  /** The ring of the installed VIP with this key. */
  public Optional<Ring> ring(VipKey key) {
    return Optional.ofNullable(control.state().vips().get(key)).map(State.Installed::ring);
  }

  /**
   * How far the changes of the installed VIP with this key have come. Counts the flows of slots
   * that are not stable one by one: with a million, that takes some tenths of a second.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Optional<VipStatus> status(VipKey key) {
    return flows.status(key);
  }

  /**
   * Tells when a backend is drained: when nothing has arrived for it for a while.
   *
   * <p>Call it after the {@link #put} of the VIP with the backend {@linkplain Vip#draining
   * draining}. The future completes on a thread of the balancer's, which must not be held up. To
   * stop waiting, cancel it.
   *
   * @param quiet how long nothing may have arrived, 1 second to 1 day; the idle time of what
   *     clients and servers do, or more
   * @param patience when to give up, from now on; must not be negative
   * @throws IllegalArgumentException if the VIP is not installed, does not have the backend, or a
   *     time is out of range
   * @throws IllegalStateException if the balancer is closed; the future, too, completes with one
   *     when it is
   */
  public CompletableFuture<DrainResult> drained(
      VipKey vip, InetAddress backend, Duration quiet, Duration patience) {
    if (quiet.compareTo(MIN_QUIET) < 0 || quiet.compareTo(MAX_QUIET) > 0) {
      throw new IllegalArgumentException(
          "quiet time %s is not in %s..%s".formatted(quiet, MIN_QUIET, MAX_QUIET));
    }
    if (patience.isNegative()) {
      throw new IllegalArgumentException("patience " + patience + " is negative");
    }
    Vip installed =
        vip(vip).orElseThrow(() -> new IllegalArgumentException(vip + " is not installed"));
    if (!installed.has(backend)) {
      throw new IllegalArgumentException(
          "%s is not a backend of %s".formatted(Addresses.text(backend), vip));
    }
    return control.drained(vip, backend, quiet, patience);
  }

  /**
   * Where the packets of a flow go now, and why. Decided here, by what the program decides by;
   * server ids, which are in packets, are not known here. A TCP flow that nothing is known of is
   * taken for one that begins.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Route route(Flow flow) {
    return flows.route(flow, sourceRoutes);
  }

  /**
   * The backends that server ids in packets stand for: in QUIC connection ids ({@link
   * Vip.Builder#quic}), in stable routing headers ({@link Vip.Builder#udpStableRouting}) and in a
   * TCP option ({@link LoadBalancerBuilder#tcpServerIds}). Ids are 1 to 2147483647, of which each
   * form holds as many as it has bits for. A backend may have an id without serving a VIP.
   */
  public Table<Integer, Backend> serverIds() {
    return serverIds;
  }

  /**
   * The backends that new flows of clients go to, for VIPs with {@link Vip.Builder#sourceRouting}:
   * that of the longest prefix that a client's address begins with. Of each address family there
   * may be {@link Limits#sourceRoutes}. Each entry takes about 130 bytes of heap here, besides
   * those in the kernel.
   */
  public Table<Prefix, Backend> sourceRoutes() {
    return sourceRoutes;
  }

  /**
   * What becomes of packets that come in tunnels to an address; see {@link Decapsulation} for other
   * addresses. There may be 4096. Putting one throws an {@link IllegalStateException} if the
   * balancer was opened without {@link LoadBalancerBuilder#decapsulation}.
   */
  public Table<InetAddress, TunnelEnd> tunnelEnds() {
    return tunnelEnds;
  }

  /** The backends that flows leave, for VIPs with {@link Vip.Builder#udpFlowMigration}. */
  public DownBackends downBackends() {
    return downBackends;
  }

  /** The flows that are remembered, see {@link Tracking}. */
  public Flows flows() {
    return flows;
  }

  /**
   * From now on counts the packets of this VIP whose flow the flow table did not know by the
   * backend that they went to; instead of the VIP that was watched before.
   *
   * @throws IllegalArgumentException if the VIP is not installed
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   * @see Counters#watchedMisses
   */
  public void watch(VipKey vip) {
    control.change(wanted -> {
      if (!wanted.vips.containsKey(vip)) {
        throw new IllegalArgumentException(vip + " is not installed");
      }
      wanted.watched = Optional.of(vip);
    });
  }

  /**
   * Watches no VIP any more; what has been counted stays.
   *
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void unwatch() {
    control.change(wanted -> wanted.watched = Optional.empty());
  }

  /**
   * Runs a frame through the dataplane as if it had come in, and says what becomes of it. Nothing
   * is sent; the frame is counted like any other.
   *
   * @param frame an Ethernet frame, from its header on without the frame check sequence; 14 bytes
   *     at least and, for the kernel's sake, about 3500 at most; left as it is
   * @throws IllegalArgumentException if the frame is shorter or longer
   * @throws IllegalStateException if the balancer is closed
   */
  public Simulation simulate(byte[] frame) {
    return control.use(() -> control.dataplane().run(frame));
  }

  /**
   * Runs a frame as {@link #simulate} does, and says how long the program took for it, for
   * benchmarks: by the kernel's own clock, whose reading is included, and without the system call
   * around it. A balancer {@linkplain #inMemory in memory} tells how long {@code simulate} takes.
   *
   * @param frame an Ethernet frame as for {@code simulate}, in native memory; left as it is
   * @return nanoseconds
   * @throws IllegalArgumentException if the frame is shorter or longer, or not in native memory
   * @throws IllegalStateException if the balancer is closed
   */
  public long measure(MemorySegment frame) {
    if (!frame.isNative()) {
      throw new IllegalArgumentException("the frame is not in native memory: " + frame);
    }
    return control.use(() -> control.dataplane().measure(frame));
  }

  /**
   * What has been counted; may be kept, and asked again and again.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Counters counters() {
    return new Counters(control.dataplane(), control::state);
  }

  /** What the balancer was opened for. */
  public Limits limits() {
    return control.limits();
  }

  /**
   * What the balancer costs in the kernel; all zero for one that is {@link #inMemory}.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Footprint footprint() {
    return control.use(() -> control.dataplane().footprint());
  }

  /**
   * Detaches the program, so that the interface is as it was, and frees all memory. Packets in
   * flight are finished first. Does nothing if the balancer is closed already.
   */
  @Override
  public void close() {
    control.close();
  }
}
