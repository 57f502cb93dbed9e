package dev.katran;

import dev.katran.internal.control.Control;
import dev.katran.internal.control.MonotonicClock;
import dev.katran.internal.control.Ticker;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.nexthop.NextHops;
import dev.katran.internal.packet.Hop;

/** Opens balancers over a given dataplane, for tests that prepare one. */
final class Balancers {

  private static final Hop NEXT_HOP = new Hop(MacAddress.parse("02:00:00:00:00:01"), null);

  private Balancers() {}

  /** Opens a balancer that runs on real time. */
  static LoadBalancer over(Dataplane dataplane, DataplaneConfig config) {
    return new LoadBalancer(control(dataplane, config, MonotonicClock.system(), Ticker.THREADS));
  }

  /** Opens a balancer over a control plane, see {@link #control}. */
  static LoadBalancer over(Control control) {
    return new LoadBalancer(control);
  }

  /** Creates a control plane whose ticks scan this many entries of the flow table. */
  static Control control(
      Dataplane dataplane,
      DataplaneConfig config,
      MonotonicClock clock,
      Ticker ticker,
      int entriesPerStep) {
    return new Control(
        dataplane,
        config,
        NextHops.fixed(NEXT_HOP),
        clock,
        ticker,
        LoadBalancerException::of,
        entriesPerStep);
  }

  /** Creates a control plane whose next hops, clock and ticker the test drives. */
  static Control control(
      Dataplane dataplane,
      DataplaneConfig config,
      NextHops nextHops,
      MonotonicClock clock,
      Ticker ticker) {
    return new Control(dataplane, config, nextHops, clock, ticker, LoadBalancerException::of);
  }

  /** Creates a control plane whose clock and ticker the test drives. */
  static Control control(
      Dataplane dataplane, DataplaneConfig config, MonotonicClock clock, Ticker ticker) {
    return new Control(
        dataplane, config, NextHops.fixed(NEXT_HOP), clock, ticker, LoadBalancerException::of);
  }
}
