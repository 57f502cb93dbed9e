package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.Flow;
import dev.katran.Protocol;
import dev.katran.TrackedFlow;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.FlowTable;
import dev.katran.internal.packet.FiveTuple;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** A view of the flow table with the keys of VIPs and backends instead of their indices. */
public final class FlowEntries {

  /**
   * The occupancy of the flow table.
   *
   * @param entries the number of entries
   * @param stale the entries that are expired or whose VIP or backend is removed
   * @param idle the other entries that are idle for at least the given time
   */
  public record Usage(long entries, long stale, long idle) {}

  /** How many entries are read at a time before code of the application gets them. */
  private static final int ENTRIES_PER_STEP = 4096;

  private final Control control;
  private final Duration udpIdle;

  /** The names of the state that was last asked for, since collecting them visits all VIPs. */
  private final IdentityHashMap<InstalledState, IndexNames> names = new IdentityHashMap<>();

  /** Creates a view of the flow table. */
  public FlowEntries(Control control) {
    this.control = control;
    this.udpIdle = control.config().flowRules().udpIdle();
  }

  /** Returns the idle time after which the UDP entry of a tracked VIP expires. */
  Duration udpIdle() {
    return udpIdle;
  }

  /** Returns the entry of a flow; empty if there is none. */
  public Optional<TrackedFlow> find(Flow flow) {
    InstalledState state = control.state();
    InstalledState.Match match = state.match(flow);
    return match == null ? Optional.empty() : find(state, match.key());
  }

  Optional<TrackedFlow> find(InstalledState state, FiveTuple key) {
    FlowTable.Entry entry =
        control
            .<Optional<FlowTable.Entry>>use(
                () -> Optional.ofNullable(control.dataplane().flows().get(key)))
            .orElse(null);
    return entry == null ? Optional.empty() : names(state).of(entry);
  }

  /** Returns the keys of a state's VIPs and backends. */
  IndexNames names(InstalledState state) {
    synchronized (names) {
      if (!names.containsKey(state)) {
        names.clear();
      }
      return names.computeIfAbsent(state, IndexNames::new);
    }
  }

  /**
   * Passes each entry whose VIP and backend are installed to an action, which runs without a lock
   * and may change or close the balancer.
   */
  public void forEach(Consumer<TrackedFlow> action) {
    List<FlowTable.Entry> entries = new ArrayList<>();
    try (FlowTable.Scan scan = control.use(() -> control.dataplane().flows().scan())) {
      boolean hasMore = true;
      while (hasMore) {
        hasMore = control.use(() -> scan.next(ENTRIES_PER_STEP, entries::add));
        IndexNames names = names(control.state());
        entries.forEach(entry -> names.of(entry).ifPresent(action));
        entries.clear();
      }
    }
  }

  void scan(Consumer<FlowTable.Entry> action) {
    control.use(() -> {
      control.dataplane().flows().forEach(action);
      return true;
    });
  }

  /** Removes the entry of a flow and returns whether there was one. */
  public boolean remove(Flow flow) {
    InstalledState.Match match = control.state().match(flow);
    return match != null && control.use(() -> control.dataplane().flows().remove(match.key()));
  }

  /** Removes the entries of a VIP and returns their number. */
  public long purge(VipKey vip) {
    InstalledState.Installed installed = control.state().vips().get(vip);
    return installed == null ? 0 : removeIf(entry -> entry.vip() == installed.number());
  }

  /** Removes the entries of a backend in all VIPs and returns their number. */
  public long purge(BackendKey backend) {
    InstalledState.InstalledBackend installed = control.state().backends().get(backend);
    return installed == null ? 0 : removeIf(entry -> entry.backend() == installed.number());
  }

  private long removeIf(Predicate<FlowTable.Entry> condition) {
    return control.use(() -> control.dataplane().flows().removeIf(condition));
  }

  /** Counts the entries. */
  public Usage usage(Duration idle) {
    IndexNames names = names(control.state());
    long[] counts = new long[3];
    scan(entry -> {
      counts[0]++;
      if (isExpired(entry) || !names.containsBoth(entry)) {
        counts[1]++;
      } else if (entry.idle() >= idle.toNanos()) {
        counts[2]++;
      }
    });
    return new Usage(counts[0], counts[1], counts[2]);
  }

  private boolean isExpired(FlowTable.Entry entry) {
    return entry.flow().protocol() == FiveTuple.UDP && entry.idle() > udpIdle.toNanos();
  }

  /** Maps the indices of a state's VIPs and backends to their keys. */
  static final class IndexNames {

    private final Map<Integer, VipKey> vips = new HashMap<>();
    private final Map<Integer, BackendKey> backends = new HashMap<>();

    IndexNames(InstalledState state) {
      state.vips().forEach((key, installed) -> vips.put(installed.number(), key));
      state.backends().forEach((key, installed) -> backends.put(installed.number(), key));
    }

    @Nullable BackendKey backend(int index) {
      return backends.get(index);
    }

    boolean containsBoth(FlowTable.Entry entry) {
      return vips.containsKey(entry.vip()) && backends.containsKey(entry.backend());
    }

    /** Returns an entry with keys; empty if its VIP or its backend is gone. */
    Optional<TrackedFlow> of(FlowTable.Entry entry) {
      VipKey vip = vips.get(entry.vip());
      BackendKey backend = backends.get(entry.backend());
      if (vip == null || backend == null) {
        return Optional.empty();
      }
      return flow(entry.flow())
          .map(flow -> new TrackedFlow(flow, vip, backend, Duration.ofNanos(entry.idle())));
    }

    /** Returns a flow; empty for IPv4-mapped IPv6 addresses, which no legitimate client uses. */
    private static Optional<Flow> flow(FiveTuple tuple) {
      InetAddress source = tuple.source().toInetAddress();
      InetAddress destination = tuple.destination().toInetAddress();
      if (tuple.source().isIpv6() != source instanceof Inet6Address
          || tuple.destination().isIpv6() != destination instanceof Inet6Address) {
        return Optional.empty();
      }
      Protocol protocol = tuple.protocol() == FiveTuple.TCP ? Protocol.TCP : Protocol.UDP;
      return Optional.of(
          new Flow(source, tuple.sourcePort(), destination, tuple.destinationPort(), protocol));
    }
  }
}
