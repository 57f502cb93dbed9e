package dev.katran.internal.control;

import java.time.Duration;
import java.time.Instant;

/**
 * The time for which the slots that a change moves are changing. Immutable; compared by identity,
 * so that a slot's window also tells which change was its last.
 */
final class ChangeWindow {

  private final Instant since;
  private final Instant deadline;

  private ChangeWindow(Instant since, Instant deadline) {
    this.since = since;
    this.deadline = deadline;
  }

  /** Creates the window of a change that is made now. */
  static ChangeWindow starting(Instant now, Duration length) {
    return new ChangeWindow(now, now.plus(length));
  }

  /** Returns this window for slots that were changing already, since an earlier time. */
  ChangeWindow since(Instant earlier) {
    return new ChangeWindow(earlier, deadline);
  }

  /** Returns whether the window has ended. */
  boolean hasEnded(Instant now) {
    return !now.isBefore(deadline);
  }

  /** Returns for how long the slots are changing, earlier windows included. */
  Duration span() {
    return Duration.between(since, deadline);
  }

  /** Returns when the slots began to change. */
  Instant since() {
    return since;
  }

  /** Returns when the slots settle. */
  Instant deadline() {
    return deadline;
  }
}
