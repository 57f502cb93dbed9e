package dev.katran;

import dev.katran.dataplane.Address;
import dev.katran.dataplane.FiveTuple;
import dev.katran.dataplane.FlowTable;
import dev.katran.dataplane.RingSlots;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Predicate;

/**
 * The flow table: which backends the flows of VIPs are at, as far as their {@link Tracking} has it
 * remembered. With {@link Tracking#ADAPTIVE} it is empty before the first change of a ring.
 *
 * <p>The methods that look at all entries read them in batches while packets go on; entries that
 * come or go meanwhile may be missed. The program itself decides what is forgotten: the entry that
 * has been used least recently makes room for a new one.
 */
public final class Flows {

  private static final Duration FOREVER = Duration.ofNanos(Long.MAX_VALUE);

  private final Control control;
  private final Duration udpIdle;

  Flows(Control control) {
    this.control = control;
    this.udpIdle = control.config().flowRules().udpIdle();
  }

  /**
   * The entry of a flow.
   *
   * @return empty if the flow is for no VIP, or not remembered
   * @throws IllegalStateException if the balancer is closed
   */
  public Optional<TrackedFlow> find(Flow flow) {
    State state = control.state();
    State.Match match = state.match(flow);
    return match == null ? Optional.empty() : find(state, match.tracked(flow));
  }

  private Optional<TrackedFlow> find(State state, Flow tracked) {
    FlowTable.Entry entry = control.use(() -> control.dataplane().flows().get(tuple(tracked)));
    return entry == null ? Optional.empty() : new Names(state).of(entry);
  }

  /**
   * Shows all entries whose VIP and backend are installed.
   *
   * @throws IllegalStateException if the balancer is closed
   */
  public void forEach(Consumer<TrackedFlow> action) {
    Names names = new Names(control.state());
    all(entry -> names.of(entry).ifPresent(action));
  }

  private void all(Consumer<FlowTable.Entry> action) {
    control.use(() -> {
      control.dataplane().flows().forEach(action);
      return true;
    });
  }

  /**
   * Forgets a flow: its next packet is placed anew.
   *
   * @return whether it was remembered
   * @throws IllegalStateException if the balancer is closed
   */
  public boolean remove(Flow flow) {
    State.Match match = control.state().match(flow);
    return match != null
        && control.use(() -> control.dataplane().flows().remove(tuple(match.tracked(flow))));
  }

  /**
   * Forgets the flows of a VIP.
   *
   * @return how many there were
   * @throws IllegalArgumentException if the VIP is not installed
   * @throws IllegalStateException if the balancer is closed
   */
  public long purge(VipKey vip) {
    State.Installed installed = control.state().vips().get(vip);
    if (installed == null) {
      throw new IllegalArgumentException(vip + " is not installed");
    }
    return removeIf(entry -> entry.vip() == installed.number());
  }

  /**
   * Forgets the flows that are at a backend, of all VIPs.
   *
   * @return how many there were
   * @throws IllegalArgumentException if no VIP and no table has the backend
   * @throws IllegalStateException if the balancer is closed
   */
  public long purge(InetAddress backend) {
    State.InstalledBackend installed = control.state().backends().get(backend);
    if (installed == null) {
      throw new IllegalArgumentException(
          "no VIP and no table has the backend " + Addresses.text(backend));
    }
    return removeIf(entry -> entry.backend() == installed.number());
  }

  private long removeIf(Predicate<FlowTable.Entry> condition) {
    return control.use(() -> control.dataplane().flows().removeIf(condition));
  }

  /**
   * How the table is used. Looks at every entry: a million takes some tenths of a second.
   *
   * @param idle since when an entry must be without packets to count as idle, 0 or more
   * @throws IllegalArgumentException if it is negative
   * @throws IllegalStateException if the balancer is closed
   */
  public FlowTableReport report(Duration idle) {
    if (idle.isNegative()) {
      throw new IllegalArgumentException("idle time " + idle + " is negative");
    }
    Names names = new Names(control.state());
    long[] counts = new long[3];
    all(entry -> {
      counts[0]++;
      if (isOver(entry) || !names.areKnown(entry)) {
        counts[1]++;
      } else if (entry.idle() >= idle.toNanos()) {
        counts[2]++;
      }
    });
    return new FlowTableReport(control.limits().flows(), counts[0], counts[1], counts[2]);
  }

  private boolean isOver(FlowTable.Entry entry) {
    return entry.flow().protocol() == FiveTuple.UDP && entry.idle() > udpIdle.toNanos();
  }

  /** Where a flow goes: the same steps as the program's. */
  Route route(Flow flow, Table<Prefix, Backend> sourceRoutes) {
    State state = control.state();
    State.Match match = state.match(flow);
    if (match == null) {
      return Route.noVip(flow);
    }
    Vip vip = match.installed().vip();
    int slot = match.slot(flow);
    Optional<InetAddress> remembered = remembered(state, match, flow);
    if (remembered.isPresent()) {
      return Route.to(flow, Route.Reason.FLOW_TABLE, vip, slot, backend(vip, remembered.get()));
    }
    if (vip.sourceRouting()) {
      Optional<Backend> routed = longest(sourceRoutes, flow.source());
      if (routed.isPresent()) {
        return Route.to(flow, Route.Reason.SOURCE_ROUTE, vip, slot, routed.get());
      }
    }
    return byRing(state, match, flow);
  }

  private static Route byRing(State state, State.Match match, Flow flow) {
    Vip vip = match.installed().vip();
    int slot = match.slot(flow);
    RingSlots slots = match.installed().slots().slots();
    if (slots.isChanging(slot) && flow.protocol() == Protocol.UDP) {
      InetAddress previous = new Names(state).backends.get(slots.previous(slot));
      if (previous != null) {
        return Route.to(flow, Route.Reason.PREVIOUS, vip, slot, backend(vip, previous));
      }
    }
    return match
        .installed()
        .ring()
        .backend(slot)
        .map(backend -> Route.to(flow, Route.Reason.RING, vip, slot, backend))
        .orElseGet(() -> Route.emptyRing(flow, vip, slot));
  }

  private Optional<InetAddress> remembered(State state, State.Match match, Flow flow) {
    Vip vip = match.installed().vip();
    RingSlots slots = match.installed().slots().slots();
    Duration counts;
    if (vip.tracking() == Tracking.ALWAYS) {
      counts = flow.protocol() == Protocol.UDP ? udpIdle : FOREVER;
    } else if (slots.isStable(match.slot(flow))) {
      return Optional.empty();
    } else {
      counts = match.installed().idle();
    }
    return find(state, match.tracked(flow))
        .filter(entry -> entry.idle().compareTo(counts) <= 0)
        .map(TrackedFlow::backend)
        .filter(
            backend -> !vip.udpFlowMigration() || !state.down().containsEntry(vip.key(), backend));
  }

  /** How far the changes of a VIP have come. */
  Optional<VipStatus> status(VipKey key) {
    State.Installed installed = control.state().vips().get(key);
    if (installed == null) {
      return Optional.empty();
    }
    RingSlots slots = installed.slots().slots();
    if (slots.isStable()) {
      return Optional.of(new VipStatus(slots.size(), 0, 0, Optional.empty(), 0));
    }
    long[] pinned = {0};
    all(entry -> {
      if (entry.vip() == installed.number()
          && !slots.isStable(installed.slotOf(entry, control.limits()))
          && installed.leadsAway(entry, control.limits())) {
        pinned[0]++;
      }
    });
    int changing = installed.slots().changing();
    int settled = installed.slots().settled().cardinality();
    return Optional.of(
        new VipStatus(
            slots.size() - changing - settled,
            changing,
            settled,
            installed.slots().until(),
            pinned[0]));
  }

  /** A backend that may have left the VIP is known by its address alone. */
  private static Backend backend(Vip vip, InetAddress address) {
    return vip.backends().stream()
        .filter(backend -> backend.address().equals(address))
        .findFirst()
        .orElseGet(() -> Backend.of(address));
  }

  private static Optional<Backend> longest(Table<Prefix, Backend> routes, InetAddress client) {
    if (routes.size() == 0) {
      return Optional.empty();
    }
    for (int length = 8 * client.getAddress().length; length >= 0; length--) {
      Optional<Backend> backend = routes.get(Prefix.around(client, length));
      if (backend.isPresent()) {
        return backend;
      }
    }
    return Optional.empty();
  }

  private static FiveTuple tuple(Flow flow) {
    return new FiveTuple(
        Address.of(flow.source()),
        Address.of(flow.destination()),
        flow.sourcePort(),
        flow.destinationPort(),
        flow.protocol().number());
  }

  /** Entries in the words of the API. */
  private static final class Names {

    private final Map<Integer, VipKey> vips = new HashMap<>();
    private final Map<Integer, InetAddress> backends = new HashMap<>();

    Names(State state) {
      state.vips().forEach((key, installed) -> vips.put(installed.number(), key));
      state.backends().forEach((address, installed) -> backends.put(installed.number(), address));
    }

    boolean areKnown(FlowTable.Entry entry) {
      return vips.containsKey(entry.vip()) && backends.containsKey(entry.backend());
    }

    /** Empty if its VIP or its backend is gone. */
    Optional<TrackedFlow> of(FlowTable.Entry entry) {
      VipKey vip = vips.get(entry.vip());
      InetAddress backend = backends.get(entry.backend());
      if (vip == null || backend == null) {
        return Optional.empty();
      }
      return flow(entry.flow())
          .map(flow -> new TrackedFlow(flow, vip, backend, Duration.ofNanos(entry.idle())));
    }

    /** Empty for flows of IPv4-mapped IPv6 addresses, which no real client has. */
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
