package dev.katran;

import java.time.Instant;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

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
  private final int extensions;
  private final long displacedFlows;
  private final OptionalLong flowTableEntries;
  private final long flowTableCapacity;

  VipStatus(
      int stable,
      int changing,
      int settled,
      Optional<Instant> settlesAt,
      int extensions,
      long displacedFlows,
      OptionalLong flowTableEntries,
      long flowTableCapacity) {
    this.stable = stable;
    this.changing = changing;
    this.settled = settled;
    this.settlesAt = settlesAt;
    this.extensions = extensions;
    this.displacedFlows = displacedFlows;
    this.flowTableEntries = flowTableEntries;
    this.flowTableCapacity = flowTableCapacity;
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
   * Returns how often the {@linkplain Vip.Builder#changeWindow change window} of a changing slot
   * was extended, 0 to 3. It is extended if flows found no place in the flow table in it, because
   * those would move at its end. A larger {@link Limits#flowTableSize} has room for them.
   */
  public int extensions() {
    return extensions;
  }

  /**
   * Returns the number of flows that the flow table keeps at another backend than their slot's.
   * Only slots that are not stable are counted.
   */
  public long displacedFlows() {
    return displacedFlows;
  }

  /**
   * Returns the number of flows in the flow table, of all VIPs, not counting those that have been
   * silent for their VIP's {@linkplain Vip.Builder#idleTime idle time}. Empty while every slot of
   * this VIP is stable: the table is not visited then, see {@link Flows#report}.
   */
  public OptionalLong flowTableEntries() {
    return flowTableEntries;
  }

  /**
   * Returns how many flows the flow table has room for. Some find no place before all of it is
   * used, see {@link Limits#flowTableSize}.
   */
  public long flowTableCapacity() {
    return flowTableCapacity;
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
        && extensions == other.extensions
        && displacedFlows == other.displacedFlows
        && flowTableEntries.equals(other.flowTableEntries)
        && flowTableCapacity == other.flowTableCapacity;
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        stable, changing, settled, settlesAt, displacedFlows, flowTableEntries, flowTableCapacity);
  }

  /**
   * Returns the status, as in {@code 65000 stable, 500 changing, 37 settled, 12 displaced flows,
   * 180 of 1000000 flow table entries}.
   */
  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder(
            "%d stable, %d changing, %d settled, %d displaced flows"
                .formatted(stable, changing, settled, displacedFlows));
    flowTableEntries.ifPresent(entries ->
        text.append(", %d of %d flow table entries".formatted(entries, flowTableCapacity)));
    settlesAt.ifPresent(time -> text.append(", settles at ").append(time));
    if (extensions > 0) {
      text.append(", extended ").append(extensions).append('x');
    }
    return text.toString();
  }
}
