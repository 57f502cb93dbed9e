package dev.katran;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;

/**
 * The progress of a {@link Vip}'s ring changes, see {@link Tracking#ADAPTIVE} for the states of a
 * slot.
 *
 * @since 0.1.0
 */
public final class VipStatus {

  private final int stable;
  private final int changing;
  private final int settled;
  private final Optional<Instant> settlesAt;
  private final long displacedFlows;

  VipStatus(
      int stable, int changing, int settled, Optional<Instant> settlesAt, long displacedFlows) {
    this.stable = stable;
    this.changing = changing;
    this.settled = settled;
    this.settlesAt = settlesAt;
    this.displacedFlows = displacedFlows;
  }

  /** Returns the number of slots whose flows are all at the slot's backend. */
  public int stable() {
    return stable;
  }

  /** Returns the number of slots that recently got another backend. */
  public int changing() {
    return changing;
  }

  /** Returns the number of slots that may still have tracked flows at another backend. */
  public int settled() {
    return settled;
  }

  /** Returns the wall-clock time when the last changing slot settles; empty if none is changing. */
  public Optional<Instant> settlesAt() {
    return settlesAt;
  }

  /**
   * Returns the number of flows that the flow table keeps at another backend than their slot's.
   * Only slots that are not stable are counted.
   */
  public long displacedFlows() {
    return displacedFlows;
  }

  /** Returns whether every slot is stable, so that the flow table is not looked up. */
  public boolean isStable() {
    return changing == 0 && settled == 0;
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof VipStatus other
        && stable == other.stable
        && changing == other.changing
        && settled == other.settled
        && settlesAt.equals(other.settlesAt)
        && displacedFlows == other.displacedFlows;
  }

  @Override
  public int hashCode() {
    return Objects.hash(stable, changing, settled, settlesAt, displacedFlows);
  }

  /**
   * Returns the status, as in {@code 65000 stable, 500 changing, 37 settled, 12 displaced flows}.
   */
  @Override
  public String toString() {
    return "%d stable, %d changing, %d settled, %d displaced flows%s"
        .formatted(
            stable,
            changing,
            settled,
            displacedFlows,
            settlesAt.map(time -> ", settles at " + time).orElse(""));
  }
}
