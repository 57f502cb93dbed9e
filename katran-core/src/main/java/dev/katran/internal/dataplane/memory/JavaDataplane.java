package dev.katran.internal.dataplane.memory;

import dev.katran.Count;
import dev.katran.Prefix;
import dev.katran.internal.dataplane.BackendTable;
import dev.katran.internal.dataplane.Counter;
import dev.katran.internal.dataplane.CounterTable;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.DeadlineTable;
import dev.katran.internal.dataplane.DownKey;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.dataplane.ForwardingProgram;
import dev.katran.internal.dataplane.IndexTable;
import dev.katran.internal.dataplane.Journal;
import dev.katran.internal.dataplane.ResourceUsage;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.dataplane.RingTable;
import dev.katran.internal.dataplane.VipTable;
import dev.katran.internal.packet.Address;
import java.net.InetAddress;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The dataplane in plain Java. It has no interface: it transforms the frames passed to {@link
 * ForwardingProgram#run} exactly like the BPF program, byte for byte.
 */
public final class JavaDataplane implements Dataplane {

  private final HeapCounters counters = new HeapCounters();
  private final HeapIndexTable<Integer, Integer> serverIds =
      new HeapIndexTable<>(Function.identity());
  private final HeapIndexTable<InetAddress, Address> tunnelEndpoints =
      new HeapIndexTable<>(Address::of);
  private final HeapIndexTable<ReverseKey, WayBack.Source> reverse =
      new HeapIndexTable<>(WayBack.Source::of);
  private final DownTable down = new DownTable(counters);
  private final SourceRoutes sourceRoutes = new SourceRoutes();
  private final HeapVipTable vips = new HeapVipTable(counters);
  private final HeapBackends backends = new HeapBackends();
  private final HeapRings rings;
  private final HeapDeadlines deadlines;
  private final FlowTracker tracker;
  private final ServerIdRouting serverIdRouting;
  private final JavaProgram program;
  private final @Nullable Journal journal;

  /** Creates a dataplane without VIPs. */
  public JavaDataplane(DataplaneConfig config) {
    this(config, System::nanoTime);
  }

  /**
   * Creates a dataplane without VIPs.
   *
   * @param clock a monotonic clock, in nanoseconds
   */
  public JavaDataplane(DataplaneConfig config, LongSupplier clock) {
    this(config, clock, null, Routes.NONE);
  }

  /**
   * Returns a dataplane without VIPs that is used by one control plane after another.
   *
   * @param journal where they write down what they do
   */
  public static JavaDataplane journaled(
      DataplaneConfig config, LongSupplier clock, Journal journal) {
    return new JavaDataplane(config, clock, journal, Routes.NONE);
  }

  /** Returns a dataplane without VIPs on a host with these routes. */
  public static JavaDataplane routing(DataplaneConfig config, LongSupplier clock, Routes routes) {
    return new JavaDataplane(config, clock, null, routes);
  }

  private JavaDataplane(
      DataplaneConfig config, LongSupplier clock, @Nullable Journal journal, Routes routes) {
    this.journal = journal;
    this.rings = new HeapRings(config.limits().ringSize());
    this.deadlines = new HeapDeadlines(clock);
    this.tracker = new FlowTracker(config, backends, counters, clock);
    this.serverIdRouting = new ServerIdRouting(config, serverIds, backends, tracker, counters);
    Chooser chooser =
        new Chooser(
            config.limits(),
            serverIdRouting,
            tracker,
            down,
            sourceRoutes,
            rings,
            backends,
            new ChangingSlots(tracker, deadlines, backends, down, counters),
            counters);
    this.program =
        new JavaProgram(
            config,
            new TunnelTermination(config, tunnelEndpoints, vips, counters),
            vips,
            new WayBack(reverse, vips, routes, counters),
            chooser,
            tracker,
            counters,
            clock);
  }

  @Override
  public VipTable vips() {
    return vips;
  }

  @Override
  public RingTable rings() {
    return rings;
  }

  @Override
  public DeadlineTable deadlines() {
    return deadlines;
  }

  @Override
  public BackendTable backends() {
    return backends;
  }

  @Override
  public IndexTable<Integer> serverIds() {
    return serverIds;
  }

  @Override
  public IndexTable<Prefix> sourceRoutes() {
    return sourceRoutes;
  }

  @Override
  public IndexTable<DownKey> down() {
    return down;
  }

  @Override
  public IndexTable<InetAddress> tunnelEndpoints() {
    return tunnelEndpoints;
  }

  @Override
  public IndexTable<ReverseKey> reverse() {
    return reverse;
  }

  @Override
  public FlowTable flows() {
    return tracker.table();
  }

  @Override
  public CounterTable counters() {
    return new CounterTable() {
      @Override
      public Count read(Counter counter) {
        return counters.get(counter);
      }

      @Override
      public long newFlows() {
        return tracker.newFlows();
      }

      @Override
      public int quicInvalidIdSample() {
        return serverIdRouting.quicInvalidIdSample();
      }

      @Override
      public void clear(Counter counter) {
        counters.clear(counter);
      }
    };
  }

  @Override
  public ForwardingProgram program() {
    return program;
  }

  @Override
  public void batch(Runnable changes) {
    vips.batch(changes);
  }

  @Override
  public Optional<Journal> journal() {
    return Optional.ofNullable(journal);
  }

  /** Does nothing: the garbage collector frees what was replaced. */
  @Override
  public void commit() {}

  @Override
  public ResourceUsage resources() {
    return ResourceUsage.NONE;
  }

  /** Does nothing: everything is on the heap. */
  @Override
  public void close() {}
}
