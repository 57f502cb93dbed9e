package dev.katran.examples.benchmark;

import dev.katran.Tracking;
import java.util.Locale;

/** What the open flows are exposed to. */
enum ChurnScenario {
  /** Backends come and go. */
  ADAPTIVE(Tracking.ADAPTIVE, Flood.NONE, false),

  /** Backends come and go after a flood of SYNs. */
  ADAPTIVE_FLOOD_BEFORE(Tracking.ADAPTIVE, Flood.BEFORE, false),

  /** Backends come and go during a flood of SYNs. */
  ADAPTIVE_FLOOD_DURING(Tracking.ADAPTIVE, Flood.DURING, false),

  /** The balancer restarts while no change is in flight, and so without any tracked flows. */
  ADAPTIVE_RESTART(Tracking.ADAPTIVE, Flood.NONE, true),

  /** Backends come and go during a flood of SYNs, with every flow tracked. */
  ALWAYS_FLOOD_DURING(Tracking.ALWAYS, Flood.DURING, false),

  /** Backends come and go with no flow tracked. */
  NONE(Tracking.NONE, Flood.NONE, false);

  /** When a flood of SYNs of flows that never continue arrives. */
  enum Flood {
    NONE,
    BEFORE,
    DURING
  }

  private final Tracking tracking;
  private final Flood flood;
  private final boolean restarts;

  ChurnScenario(Tracking tracking, Flood flood, boolean restarts) {
    this.tracking = tracking;
    this.flood = flood;
    this.restarts = restarts;
  }

  Tracking tracking() {
    return tracking;
  }

  Flood flood() {
    return flood;
  }

  boolean restarts() {
    return restarts;
  }

  /** Returns text such as {@code adaptive-flood-during}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
