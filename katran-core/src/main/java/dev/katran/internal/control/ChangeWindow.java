package dev.katran.internal.control;

import com.google.common.collect.Comparators;
import java.time.Duration;
import java.time.Instant;

/**
 * The time for which the slots that a change moves are changing. Immutable; compared by identity,
 * so that a slot's window also tells which change was its last.
 *
 * <p>A flow that exceeds a budget of the flow table is not inserted, so it would move when the
 * window ends. A window in which that happened is extended instead: the budget is renewed, and the
 * flow's next packet inserts it.
 */
final class ChangeWindow {

  /**
   * How often a window is extended at most. A flood exhausts the budgets for as long as it lasts,
   * and the slots must settle nevertheless.
   */
  static final int MAX_EXTENSIONS = 3;

  /** No extension makes a window longer than the longest that can be configured. */
  private static final Duration MAX_LENGTH = Duration.ofDays(1);

  private final Instant start;
  private final Instant since;
  private final Duration length;
  private final Instant deadline;
  private final long limited;
  private final int extensions;

  private ChangeWindow(
      Instant start,
      Instant since,
      Duration length,
      Instant deadline,
      long limited,
      int extensions) {
    this.start = start;
    this.since = since;
    this.length = length;
    this.deadline = deadline;
    this.limited = limited;
    this.extensions = extensions;
  }

  /**
   * Creates the window of a change that is made now.
   *
   * @param limited how many flows have exceeded a budget so far
   */
  static ChangeWindow starting(Instant now, Duration length, long limited) {
    return new ChangeWindow(now, now, length, now.plus(length), limited, 0);
  }

  /** Returns this window for slots that were changing already, since an earlier time. */
  ChangeWindow since(Instant earlier) {
    return new ChangeWindow(start, earlier, length, deadline, limited, extensions);
  }

  /**
   * Returns this window with a later deadline if flows have exceeded a budget since it began or was
   * last extended. Returns this window itself if there were none, or if it was extended too often.
   *
   * @param nowLimited how many flows have exceeded a budget so far
   * @param least the least extension, in which the budgets are renewed once
   */
  ChangeWindow extend(long nowLimited, Duration least) {
    Instant later = deadline.plus(Comparators.max(length, least));
    return nowLimited == limited
            || extensions == MAX_EXTENSIONS
            || later.isAfter(start.plus(MAX_LENGTH))
        ? this
        : new ChangeWindow(start, since, length, later, nowLimited, extensions + 1);
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

  /** Returns how often the window was extended. */
  int extensions() {
    return extensions;
  }
}
