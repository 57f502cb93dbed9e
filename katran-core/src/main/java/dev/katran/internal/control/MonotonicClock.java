package dev.katran.internal.control;

import dev.katran.internal.dataplane.KernelClock;
import java.time.Duration;
import java.time.Instant;

/**
 * A clock that never jumps: it is not affected when the wall time is set. Its readings are the time
 * since an arbitrary start, so that only their differences have a meaning.
 */
public interface MonotonicClock {

  /** The longest time from now that {@link #after} can represent. */
  Duration FOREVER = Duration.ofSeconds(Long.MAX_VALUE);

  /** Returns the time since the start, not negative. */
  Duration now();

  /** Returns the wall time of a reading, for display only: it changes when the clock is set. */
  default Instant wallTime(Duration reading) {
    return Instant.now().plus(reading.minus(now()));
  }

  /** Returns a reading some time later, or {@link #FOREVER} if that cannot be represented. */
  static Duration after(Duration reading, Duration time) {
    return time.compareTo(FOREVER.minus(reading)) >= 0 ? FOREVER : reading.plus(time);
  }

  /** Returns a clock whose start is the same for all processes, see {@link KernelClock}. */
  static MonotonicClock ofHost() {
    return () -> Duration.ofNanos(KernelClock.nanoTime());
  }

  /** Returns a clock that runs with {@link System#nanoTime}. */
  static MonotonicClock system() {
    long start = System.nanoTime();
    return () -> Duration.ofNanos(System.nanoTime() - start);
  }
}
