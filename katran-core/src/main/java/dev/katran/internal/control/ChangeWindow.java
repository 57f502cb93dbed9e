package dev.katran.internal.control;

import com.google.common.collect.Comparators;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The time for which the slots that a change moves are changing. Immutable once the change is in
 * force; compared by identity, so that a slot's window also tells which change was its last.
 *
 * <p>A flow that finds no place in the flow table would move when the window ends. A window in
 * which that happened is extended instead: once the entries of a flood may be evicted, the flow's
 * next packet inserts it.
 */
final class ChangeWindow {

  /**
   * How often a window is extended at most. A flood fills the table for as long as it lasts, and
   * the slots must settle nevertheless.
   */
  static final int MAX_EXTENSIONS = 3;

  /**
   * How much later than its deadline a window may end, or be extended: steps are a second apart, or
   * late.
   */
  static final Duration LATENESS = Duration.ofSeconds(10);

  /**
   * How much later than its deadline the dataplane ends a window by itself. Nothing may reopen the
   * window then: flows that have begun since have no entries, and would move. So a step that is
   * later than {@link #LATENESS} extends no window, and a change that finds no step in that time
   * settles the slots first. Both have the rest of this time to write the new deadline.
   */
  static final Duration GRACE = LATENESS.plusSeconds(5);

  /**
   * How long a change may take to install. Until then, the dataplane has a deadline that is this
   * much later.
   */
  static final Duration INSTALLATION = Duration.ofMinutes(5);

  /** No extension makes a window longer than the longest that can be configured. */
  private static final Duration MAX_LENGTH = Duration.ofDays(1);

  /**
   * The time at which a change is in force. Windows are planned before it is known: installing the
   * rings of many VIPs takes time, which must not count as part of the window.
   */
  static final class Start {

    private Duration at;

    /** Creates a start that is planned for now. */
    Start(Duration now) {
      this.at = now;
    }

    /** Returns the time. */
    Duration at() {
      return at;
    }

    /**
     * Sets the time once the last ring is installed, before other threads see the windows. If that
     * took longer than {@link #INSTALLATION}, the time stays: the dataplane may have ended the
     * windows.
     */
    void moveTo(Duration now) {
      if (now.minus(at).compareTo(INSTALLATION) <= 0) {
        at = now;
      }
    }
  }

  private final Start start;
  private final @Nullable Duration earlier;

  /** The first deadline, counted from the start. */
  private final Duration length;

  /** The deadline, counted from the start. */
  private final Duration extended;

  private final long limited;
  private final int extensions;

  private ChangeWindow(
      Start start,
      @Nullable Duration earlier,
      Duration length,
      Duration extended,
      long limited,
      int extensions) {
    this.start = start;
    this.earlier = earlier;
    this.length = length;
    this.extended = extended;
    this.limited = limited;
    this.extensions = extensions;
  }

  /**
   * Creates the window of a change.
   *
   * @param limited how many flows have found no place so far
   */
  static ChangeWindow starting(Start start, Duration length, long limited) {
    return new ChangeWindow(start, null, length, length, limited, 0);
  }

  /**
   * Returns the window of slots that were changing under an earlier control plane.
   *
   * @param limited how many flows have found no place so far
   */
  static ChangeWindow adopted(StoredState.StoredWindow stored, long limited) {
    Duration length = stored.until().minus(stored.since());
    return new ChangeWindow(
        new Start(stored.since()), null, length, length, limited, stored.extensions());
  }

  /** Returns this window for slots that were changing already, since an earlier time. */
  ChangeWindow since(Duration earlier) {
    return new ChangeWindow(start, earlier, length, extended, limited, extensions);
  }

  /**
   * Returns this window with a later deadline if flows have found no place since it began or was
   * last extended. Returns this window itself if there were none, or if it was extended too often.
   *
   * @param nowLimited how many flows have found no place so far
   * @param least the least extension
   */
  ChangeWindow extend(long nowLimited, Duration least) {
    Duration later = extended.plus(Comparators.max(length, least));
    return nowLimited == limited || extensions == MAX_EXTENSIONS || later.compareTo(MAX_LENGTH) > 0
        ? this
        : new ChangeWindow(start, earlier, length, later, nowLimited, extensions + 1);
  }

  /** Returns whether the window has ended. */
  boolean hasEnded(Duration now) {
    return now.compareTo(deadline()) >= 0;
  }

  /** Returns whether the window should have ended so long ago that it cannot be extended. */
  boolean isOverdue(Duration now) {
    return hasEnded(now.minus(LATENESS));
  }

  /** Returns for how long the slots are changing, earlier windows included. */
  Duration span() {
    return deadline().minus(since());
  }

  /** Returns when the slots began to change. */
  Duration since() {
    return earlier == null ? start.at : earlier;
  }

  /** Returns when the slots settle. */
  Duration deadline() {
    return start.at.plus(extended);
  }

  /** Returns how often the window was extended. */
  int extensions() {
    return extensions;
  }
}
