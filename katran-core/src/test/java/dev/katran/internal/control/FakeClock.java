package dev.katran.internal.control;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that only moves when a test advances it. */
public final class FakeClock extends Clock {

  private volatile Instant now = Instant.parse("2030-01-01T00:00:00Z");

  /** Advances the clock. */
  public void pass(Duration time) {
    now = now.plus(time);
  }

  /** Returns the time in nanoseconds since the epoch. */
  public long nanos() {
    return now.getEpochSecond() * 1_000_000_000L + now.getNano();
  }

  @Override
  public Instant instant() {
    return now;
  }

  @Override
  public ZoneId getZone() {
    return ZoneOffset.UTC;
  }

  @Override
  public Clock withZone(ZoneId zone) {
    return this;
  }
}
