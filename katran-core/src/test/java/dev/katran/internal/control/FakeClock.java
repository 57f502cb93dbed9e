package dev.katran.internal.control;

import java.time.Duration;
import java.time.Instant;

/** A clock that only moves when a test advances it. */
public final class FakeClock implements MonotonicClock {

  private static final Instant START = Instant.parse("2030-01-01T00:00:00Z");

  private volatile Duration now = Duration.ofHours(1);

  /** Advances the clock. */
  public void pass(Duration time) {
    now = now.plus(time);
  }

  /** Returns the reading in nanoseconds. */
  public long nanos() {
    return now.toNanos();
  }

  @Override
  public Duration now() {
    return now;
  }

  @Override
  public Instant wallTime(Duration reading) {
    return START.plus(reading);
  }

  /** Returns the wall time now. */
  public Instant instant() {
    return wallTime(now);
  }
}
