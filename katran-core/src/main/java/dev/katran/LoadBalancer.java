package dev.katran;

import static java.util.Objects.requireNonNull;

import dev.katran.internal.assembly.Assembly;
import dev.katran.internal.control.ChangeProgress;
import dev.katran.internal.control.Control;
import dev.katran.internal.control.FlowEntries;
import dev.katran.internal.control.FlowRouting;
import dev.katran.internal.control.InstalledState;
import dev.katran.internal.dataplane.InterfaceState;
import dev.katran.internal.dataplane.ResourceUsage;
import dev.katran.internal.failure.Failure;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/**
 * An XDP load balancer in this process. Packets that arrive on an interface for one of its {@link
 * Vip VIPs} are encapsulated and sent to a {@link Backend}, which answers the client directly.
 *
 * {@snippet :
 * try (LoadBalancer lb = LoadBalancer.on("eth0").open()) {
 *   lb.put(Vip.tcp("203.0.113.10", 443)
 *       .backends(Backend.of("10.0.0.11"), Backend.of("10.0.0.12").weight(2))
 *       .build());
 *   VipKey web = VipKey.tcp("203.0.113.10", 443);
 *   lb.update(web, vip -> vip.with(Backend.of("10.0.0.13")));
 *   lb.update(web, vip -> vip.draining("10.0.0.11"));
 * }
 * }
 *
 * <p>The backend of a packet is a pure function of its flow and the VIP's {@link Ring}. All
 * balancers with the same VIPs, {@link Limits#ringSize} and {@link Limits#hashSeed} make the same
 * decision without coordination, and a restarted balancer resumes at once. Only after a change of a
 * ring does the balancer track flows for a while, see {@link Tracking#ADAPTIVE}.
 *
 * <p>Thread-safe. Changes are serialised, take effect for the next packet when the method returns,
 * and are all or nothing: a method that throws has changed nothing. Reads never wait for a change.
 *
 * @since 0.1.0
 */
public final class LoadBalancer implements AutoCloseable {

  private static final Duration MIN_QUIET = Duration.ofSeconds(1);
  private static final Duration MAX_QUIET = Duration.ofDays(1);

  private final Control control;
  private final FlowEntries flowEntries;
  private final FlowRouting routing;
  private final Table<Integer, Backend> serverIds;
  private final Table<Prefix, Backend> sourceRoutes;
  private final Table<InetAddress, TunnelEndpoint> tunnelEndpoints;
  private final DownBackends downBackends;
  private final Flows flows;

  LoadBalancer(Control control) {
    this.control = control;
    this.flowEntries = new FlowEntries(control);
    this.routing = new FlowRouting(control, flowEntries, control.sourceRoutes());
    this.serverIds = new Table<>(control.serverIds());
    this.sourceRoutes = new Table<>(control.sourceRoutes());
    this.tunnelEndpoints = new Table<>(control.tunnelEndpoints());
    this.downBackends = new DownBackends(control);
    this.flows = new Flows(flowEntries, control.limits().flowTableSize());
  }

  /**
   * Configures a balancer for the packets that arrive on network interfaces.
   *
   * @param interfaceName in the calling thread's network namespace, such as {@code "eth0"}
   * @param more further ones, at most 7. All share the VIPs and the counters; each is attached by
   *     itself. With {@link NextHop#auto}, packets leave by the interface of the backend's route,
   *     in native mode only if its driver sends frames that come from another one. With {@link
   *     NextHop#via}, they leave by the one on which they arrived
   * @throws IllegalArgumentException if one is named twice, or there are too many
   */
  public static LoadBalancerBuilder on(String interfaceName, String... more) {
    return LoadBalancerBuilder.attached(interfaceName, more);
  }

  /**
   * Configures a balancer whose program is loaded into the kernel but attached to nothing. It only
   * takes frames from {@link #simulate}. For trying out a configuration and for datapath tests.
   */
  public static LoadBalancerBuilder detached() {
    return LoadBalancerBuilder.detached();
  }

  /**
   * Configures a balancer in plain Java, which only takes frames from {@link #simulate} and does to
   * them what the program in the kernel does, byte for byte. For applications' unit tests: it needs
   * no privileges, no libbpf and no Linux.
   */
  public static LoadBalancerBuilder inMemory() {
    return LoadBalancerBuilder.inMemory();
  }

  /**
   * Returns whether this machine and process can load the program, that is, whether {@link
   * #unavailabilityCause} is empty.
   */
  public static boolean isAvailable() {
    return unavailabilityCause().isEmpty();
  }

  /**
   * Returns why {@link #on} and {@link #detached} cannot work here: not Linux, an old kernel, no
   * libbpf, a missing capability. Empty if they can. Loads the program and unloads it again, which
   * takes some milliseconds (a few hundred for the first time in a JVM).
   */
  public static Optional<LoadBalancerException> unavailabilityCause() {
    try {
      detached().limits(Limits.defaults().vips(1).backends(1).flowTableSize(1024)).open().close();
      return Optional.empty();
    } catch (LoadBalancerException e) {
      return Optional.of(e);
    }
  }

  /**
   * Installs a VIP, or replaces the installed VIP with the same key.
   *
   * <p>Waits up to 500 ms for the next hops of new backends. One that is not found by then is
   * looked up again every second; its packets are dropped until it is found. To change a VIP that
   * other threads may change as well, use {@link #update}.
   *
   * @throws IllegalArgumentException if a backend is via GUE and the balancer has no source address
   *     of its family, if another VIP reaches a backend in another way, or if the VIP's prefix
   *     contains an address of this host, see {@link LoadBalancerBuilder#coverHostAddresses}
   * @throws LimitExceededException if there would be more VIPs or backends than {@link #limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void put(Vip vip) {
    requireNonNull(vip, "vip");
    control.checkHostAddresses(Set.of(vip.key()));
    control.change(desired -> desired.put(vip));
  }

  /**
   * Changes an installed VIP by an atomic read-modify-write: no other change happens between
   * reading the VIP and installing the result.
   *
   * {@snippet :
   * lb.update(web, vip -> vip.draining("10.0.0.11"));
   * }
   *
   * @param change returns the VIP to install, with the same key. Called again if another thread has
   *     changed the VIP meanwhile, so it should have no side effects
   * @return the installed result; empty if no VIP has the key, so that there was nothing to change
   * @throws IllegalArgumentException if the result has another key, or as {@link #put}
   * @throws LimitExceededException if there would be more backends than {@link #limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public Optional<Vip> update(VipKey key, UnaryOperator<Vip> change) {
    requireNonNull(key, "key");
    requireNonNull(change, "change");
    while (true) {
      Vip before = control.openVip(key);
      if (before == null) {
        return Optional.empty();
      }
      Vip after = requireNonNull(change.apply(before), "the changed VIP");
      if (!after.key().equals(key)) {
        throw new IllegalArgumentException(
            "the update of %s returned a VIP with another key, %s".formatted(key, after.key()));
      }
      if (control.replace(before, after)) {
        return Optional.of(after);
      }
    }
  }

  /**
   * Removes a VIP, so that its packets pass to the host.
   *
   * @return whether it was installed
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public boolean remove(VipKey key) {
    requireNonNull(key, "key");
    AtomicBoolean removed = new AtomicBoolean();
    control.change(desired -> removed.set(desired.remove(key)));
    return removed.get();
  }

  /** Removes the VIP with this one's key, see {@link #remove(VipKey)}. */
  public boolean remove(Vip vip) {
    return remove(vip.key());
  }

  /**
   * Makes the installed VIPs equal to a list: installs, changes and removes what differs, and
   * touches nothing else.
   *
   * @throws IllegalArgumentException if two VIPs of the list have the same key, or as {@link #put}
   * @throws LimitExceededException if there would be more VIPs or backends than {@link #limits}
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void apply(List<Vip> vips) {
    Map<VipKey, Vip> byKey = new LinkedHashMap<>();
    for (Vip vip : vips) {
      if (byKey.put(vip.key(), vip) != null) {
        throw new IllegalArgumentException("duplicate VIP " + vip.key());
      }
    }
    control.checkHostAddresses(byKey.keySet());
    control.change(desired -> desired.replaceAll(byKey));
  }

  /**
   * Makes everything that the balancer was told equal to a configuration, in one change that is all
   * or nothing: VIPs, server ids, source routes, tunnel endpoints, marks of down backends and the
   * watched VIP. Writes only what differs, and nothing if nothing does.
   *
   * <p>While the change is written, a packet may find some parts of it and not yet others, such as
   * a new server id and the old VIP. Of a table of which more than a quarter differs it sees all
   * old entries or all new ones.
   *
   * @throws IllegalArgumentException as {@link #put}
   * @throws LimitExceededException if there would be more VIPs, backends, table entries or marks
   *     than {@link #limits} or the table allow
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed, or there are tunnel endpoints and it
   *     was opened without {@link LoadBalancerBuilder#decapsulation}
   */
  public void apply(Configuration configuration) {
    control.checkHostAddresses(configuration.vipsByKey().keySet());
    control.apply(configuration);
  }

  /**
   * Returns everything that the balancer was told and that is in force, as of one and the same
   * change. Takes time in proportion to it.
   */
  public Configuration configuration() {
    return control.configuration();
  }

  /** Returns the installed VIPs. */
  public List<Vip> vips() {
    return control.state().vipList();
  }

  /** Returns the installed VIP with a key. */
  public Optional<Vip> vip(VipKey key) {
    return Optional.ofNullable(control.state().vips().get(key)).map(InstalledState.Installed::vip);
  }

  /** Returns the ring of the installed VIP with a key. */
  public Optional<Ring> ring(VipKey key) {
    return control.ring(key);
  }

  /**
   * Returns the progress of an installed VIP's ring changes. Unless all slots are stable, visits
   * every entry of the flow table, which takes some tenths of a second for a million.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Optional<VipStatus> status(VipKey key) {
    return ChangeProgress.of(control, flowEntries, key)
        .map(progress ->
            new VipStatus(
                progress.stable(),
                progress.changing(),
                progress.settled(),
                progress.settlesAt(),
                progress.extensions(),
                progress.displacedFlows(),
                progress.flowTableEntries(),
                control.limits().flowTableSize()));
  }

  /**
   * Completes when a backend is drained: when no packet for it has arrived for a while.
   *
   * <p>Call it after {@linkplain Vip#draining draining} the backend. While another VIP sends new
   * flows to the backend, it is in use and not drained. The future completes on a thread of its
   * own, without any lock, so that code that depends on it may wait, change the balancer or close
   * it. To stop waiting, cancel the future.
   *
   * @param quiet how long no packet may have arrived, 1 second to 1 day; use at least the idle
   *     timeout of clients and servers
   * @param timeout when to give up; must not be negative
   * @throws IllegalArgumentException if the VIP is not installed, does not have the backend or
   *     still sends new flows to it, or if a time is out of range
   * @throws IllegalStateException if the balancer is closed; if it is closed later, the future
   *     completes exceptionally with one
   */
  public CompletableFuture<DrainResult> whenDrained(
      VipKey vip, BackendKey backend, Duration quiet, Duration timeout) {
    if (quiet.compareTo(MIN_QUIET) < 0 || quiet.compareTo(MAX_QUIET) > 0) {
      throw new IllegalArgumentException(
          "quiet time %s is not in %s..%s".formatted(quiet, MIN_QUIET, MAX_QUIET));
    }
    if (timeout.isNegative()) {
      throw new IllegalArgumentException("timeout " + timeout + " is negative");
    }
    Vip installed =
        vip(vip).orElseThrow(() -> new IllegalArgumentException(vip + " is not installed"));
    if (installed.backend(backend).isEmpty()) {
      throw new IllegalArgumentException("%s is not a backend of %s".formatted(backend, vip));
    }
    if (installed.backend(backend).filter(Backend::takesNewFlows).isPresent()) {
      throw new IllegalArgumentException(
          "backend %s of %s is not draining: new flows go to it".formatted(backend, vip));
    }
    return control.whenDrained(vip, backend, quiet, timeout);
  }

  /**
   * Completes when a backend is drained, see {@link #whenDrained(VipKey, BackendKey, Duration,
   * Duration)}.
   *
   * @param backend its key as {@link BackendKey#parse} takes it, such as {@code 10.0.0.11}
   */
  public CompletableFuture<DrainResult> whenDrained(
      VipKey vip, String backend, Duration quiet, Duration timeout) {
    return whenDrained(vip, BackendKey.parse(backend), quiet, timeout);
  }

  /**
   * Looks for reasons why packets may be lost: in the network interface and its offloads, the next
   * hops of backends, the room on the way to them, the way back of their answers, and the host's
   * settings. Changes nothing and sends nothing. What other machines are set to cannot be seen from
   * here: see {@link Forwarding#requirements} for what backends need.
   *
   * {@snippet :
   * lb.diagnose().stream()
   *     .filter(finding -> finding.severity() != Finding.Severity.INFO)
   *     .forEach(System.out::println);
   * }
   *
   * <p>Call it in the network namespace in which the balancer was opened: from another one, only
   * the attachment and the next hops are looked at. So they are {@linkplain #inMemory in memory}.
   * Takes some system calls for each VIP and backend.
   *
   * @return what was found, the worst first; what is as it should be is left out, except for how
   *     the program is attached
   * @throws IllegalStateException if the balancer is closed
   */
  public List<Finding> diagnose() {
    return control.diagnose();
  }

  /**
   * Returns where the packets of a flow go now, and why. Uses the same inputs as the program,
   * except server ids, which only packets carry. An unknown TCP flow is treated as one that begins,
   * and a known one as open: while its slot is changing or settled, a new connection with the same
   * addresses and ports goes to the slot's current backend instead.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Route route(Flow flow) {
    FlowRouting.Decision decision = routing.route(flow);
    return new Route(flow, decision.reason(), decision.vip(), decision.backend(), decision.slot());
  }

  /**
   * Returns the table of the backends that server ids in packets stand for: in QUIC connection ids
   * ({@link Vip.Builder#quic}), in stable routing headers ({@link Vip.Builder#udpStableRouting})
   * and in a TCP option ({@link LoadBalancerBuilder#tcpServerIds}). Ids are 1 to 2147483647; each
   * form carries as many as it has bits for. A backend may have an id without serving a VIP; one of
   * {@link Forwarding#rewrite()} must serve one, or its answers do not get a VIP's address.
   */
  public Table<Integer, Backend> serverIds() {
    return serverIds;
  }

  /**
   * Returns the table of the backends for new flows of given clients, for VIPs with {@link
   * Vip.Builder#sourceRouting}; the longest matching prefix wins. There may be {@link
   * Limits#sourceRoutes} of each address family. An entry takes about 130 bytes of heap, besides
   * kernel memory. A backend of {@link Forwarding#rewrite()} must be one of each VIP that follows
   * source routes, with weight 0 if need be: its answers get the address of the VIP that has it.
   */
  public Table<Prefix, Backend> sourceRoutes() {
    return sourceRoutes;
  }

  /**
   * Returns the table of tunnel destinations and what happens to their packets; see {@link
   * Decapsulation} for other destinations. There may be 4096. Putting one throws an {@link
   * IllegalStateException} unless the balancer was opened with {@link
   * LoadBalancerBuilder#decapsulation}.
   */
  public Table<InetAddress, TunnelEndpoint> tunnelEndpoints() {
    return tunnelEndpoints;
  }

  /**
   * Returns the backends that are marked down, for VIPs with {@link Vip.Builder#udpFlowMigration}.
   */
  public DownBackends downBackends() {
    return downBackends;
  }

  /** Returns the flow table, see {@link Tracking}. */
  public Flows flows() {
    return flows;
  }

  /**
   * Counts the flow table misses of a VIP per backend from now on, instead of those of the VIP that
   * was watched before.
   *
   * @throws IllegalArgumentException if the VIP is not installed
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   * @see Counters#flowMissesByBackend
   */
  public void watch(VipKey vip) {
    control.change(desired -> {
      if (desired.vip(vip) == null) {
        throw new IllegalArgumentException(vip + " is not installed");
      }
      desired.watch(Optional.of(vip));
    });
  }

  /**
   * Stops watching. Counts so far are kept.
   *
   * @throws LoadBalancerException if the kernel refuses
   * @throws IllegalStateException if the balancer is closed
   */
  public void unwatch() {
    control.change(desired -> desired.watch(Optional.empty()));
  }

  /**
   * Runs a frame through the dataplane as if it had arrived and returns the result. Nothing is
   * sent; the frame is counted like any other.
   *
   * @param frame an Ethernet frame, from its header on, without frame check sequence; 14 to 3520
   *     bytes; not modified
   * @throws IllegalArgumentException if the frame is shorter or longer
   * @throws IllegalStateException if the balancer is closed
   */
  public Simulation simulate(byte[] frame) {
    return control.simulate(frame);
  }

  long measure(MemorySegment frame) {
    return control.measure(frame);
  }

  OptionalInt programDescriptor() {
    return control.programDescriptor();
  }

  /**
   * Returns the backends whose next hop is not known, with the reason; none if every backend is
   * reachable, or if the next hop is fixed. They have no slots, and get them by themselves when
   * their next hop is found.
   *
   * <p>A backend keeps its next hop for three seconds after the neighbour fails or the route is
   * withdrawn, and is not in this list meanwhile.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public List<UnresolvedBackend> unresolved() {
    return control.unresolved();
  }

  /**
   * Returns the counters. The result may be kept and read again and again.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Counters counters() {
    return new Counters(control.counters(), control::state, control::trafficCounts);
  }

  /**
   * Calls a listener for everything that happens from now on: changes of VIPs, ends of change
   * windows, drains, next hops that are found or lost, and the attachment to the interface.
   *
   * <p>The listener is called in order, one event at a time, on a thread of its own and without any
   * lock: it may wait, change the balancer or close it. Up to 10,000 events wait for a slow
   * listener; then it misses some, and gets {@link BalancerEvent.Kind#EVENTS_LOST}. What it throws
   * is logged. When the balancer is closed, it gets what waits, and nothing after that.
   *
   * @return ends the subscription; what waits is not delivered
   * @throws IllegalStateException if the balancer is closed
   */
  public Subscription subscribe(Consumer<BalancerEvent> listener) {
    Runnable end = control.subscribe(requireNonNull(listener, "listener"));
    return end::run;
  }

  /**
   * Returns whether the balancer does its work, with the reasons if it does not. Cheap enough to be
   * asked every second, and never waits for a change. A balancer that is closed is {@link
   * Health.Status#DOWN}.
   */
  public Health health() {
    return control.health();
  }

  /** Returns the limits that the balancer was opened with. */
  public Limits limits() {
    return control.limits();
  }

  /**
   * Returns how the program is attached to its interface, the first of several; empty for a
   * balancer without one, that is {@linkplain #detached} or {@linkplain #inMemory in memory}.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public Optional<Attachment> attachment() {
    return attachments().stream().findFirst();
  }

  /**
   * Returns how the program is attached to each of its interfaces, in the order in which they were
   * named; empty for a balancer without one.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public List<Attachment> attachments() {
    return control.attachments().stream().map(LoadBalancer::attachment).toList();
  }

  static Attachment attachment(InterfaceState state) {
    return new Attachment(
        state.name(),
        state.ifindex(),
        state.mode(),
        state.calledFrom(),
        state.attached(),
        state.programId(),
        state.since());
  }

  /**
   * Returns the kernel resources in use; all zero for a balancer {@linkplain #inMemory in memory}.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public KernelResources kernelResources() {
    ResourceUsage usage = control.resources();
    return new KernelResources(usage.memory(), usage.instructions(), usage.verificationTime());
  }

  /**
   * Returns whether the balancer continues one that was {@linkplain LoadBalancerBuilder#pinnedAt
   * pinned} by an earlier process: it has that one's VIPs and tables, and {@link #apply} changes
   * only what differs.
   */
  public boolean adopted() {
    return control.isAdopted();
  }

  /**
   * Returns a future that completes when another process waits for the folder of this balancer, see
   * {@link LoadBalancerBuilder#adoptWithin}. The application should {@link #close} the balancer
   * then. Completes on a thread of its own, within about a second; never if the balancer is not
   * pinned. Cancelling it has no effect on other calls.
   */
  public CompletableFuture<Void> handOverRequested() {
    return control.handOverRequested();
  }

  /**
   * Closes the balancer and removes what is {@linkplain LoadBalancerBuilder#pinnedAt pinned}: the
   * interface is as it was. The same as {@link #close} if nothing is pinned.
   *
   * @throws LoadBalancerException if something in the folder cannot be removed; the balancer is
   *     closed and no longer attached
   */
  public void uninstall() {
    try {
      control.uninstall();
    } catch (Failure e) {
      throw LoadBalancerException.of(e);
    }
  }

  /**
   * Removes a balancer that is {@linkplain LoadBalancerBuilder#pinnedAt pinned} in a folder, and
   * the folder. Its interface is as it was.
   *
   * @return whether there was a folder
   * @throws LoadBalancerException if a process uses the balancer, or the folder contains other
   *     files
   */
  public static boolean uninstall(Path folder) {
    return Assembly.uninstall(folder, LoadBalancerException::of);
  }

  /**
   * Detaches the program, which leaves the interface as it was, and frees all memory. Packets in
   * flight are finished first. A balancer that is {@linkplain LoadBalancerBuilder#pinnedAt pinned}
   * goes on forwarding instead. Does nothing if the balancer is closed already.
   */
  @Override
  public void close() {
    control.close();
  }
}
