package dev.katran.examples.benchmark;

import dev.katran.Tracking;
import java.util.Locale;

/** What open flows are put through. */
enum ChurnScenario {
  /** Backends come and go. */
  ADAPTIVE(Tracking.ADAPTIVE, Flood.NONE, false),

  /** The same after a flood of SYNs. */
  ADAPTIVE_FLOOD_BEFORE(Tracking.ADAPTIVE, Flood.BEFORE, false),

  /** The same under a flood of SYNs. */
  ADAPTIVE_FLOOD_DURING(Tracking.ADAPTIVE, Flood.DURING, false),

  /** The balancer is restarted while no change is in flight, and knows no flow then. */
  ADAPTIVE_RESTART(Tracking.ADAPTIVE, Flood.NONE, true),

  /** What the flow table does for them if every flow is entered in it. */
  ALWAYS_FLOOD_DURING(Tracking.ALWAYS, Flood.DURING, false),

  /** What becomes of them if no flow is remembered. */
  NONE(Tracking.NONE, Flood.NONE, false);

  /** When the SYNs of flows that nobody goes on with come. */
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

  /** Such as {@code adaptive-flood-during}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
