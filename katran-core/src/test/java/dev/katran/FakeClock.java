package dev.katran;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;

/** A clock that stands still until it is told to go on; it tells nanoseconds as well. */
final class FakeClock extends Clock {

  private volatile Instant now = Instant.parse("2030-01-01T00:00:00Z");

  void pass(Duration time) {
    now = now.plus(time);
  }

  /** For those who count nanoseconds. */
  long nanos() {
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
