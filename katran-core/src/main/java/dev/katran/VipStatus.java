package dev.katran;

import java.time.Instant;
import java.util.Optional;

/**
 * How far the changes of a {@link Vip} have come, see {@link Tracking#ADAPTIVE}.
 *
 * @param stable slots all of whose flows are at their backend: the flow table is not asked
 * @param changing slots that got another backend a short while ago
 * @param settled slots that some known flows of are elsewhere, or may be
 * @param until when the last slot that is changing will be settled; empty if none is changing
 * @param pinnedFlows flows that the flow table keeps at another backend than the one their slot has
 *     now; only those of slots that are not stable count
 */
public record VipStatus(
    int stable, int changing, int settled, Optional<Instant> until, long pinnedFlows) {

  /** Whether the flow table is not needed: every flow is where the ring says. */
  public boolean isStable() {
    return changing == 0 && settled == 0;
  }
}
