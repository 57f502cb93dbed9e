package dev.katran.internal.control;

import dev.katran.Ring;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.nexthop.Resolution;
import dev.katran.internal.recording.ChangeEvent;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/**
 * The slow parts of a change that are done already. They are done without a lock, between attempts
 * to install the change.
 */
final class Preparation {

  /** How often a change is prepared. A part that is missing after that is done under the lock. */
  private static final int MAX_ATTEMPTS = 8;

  private final Map<InetAddress, Resolution> hops = new HashMap<>();
  private final Set<InetAddress> asked = new HashSet<>();

  /** Keeps the rings in the cache. */
  private final Map<RingCache.Key, Ring> rings = new HashMap<>();

  private final Set<Features> programs = new HashSet<>();
  private final Map<Integer, Duration> expired = new HashMap<>();
  private final ChangeEvent recorded = new ChangeEvent();
  private int attempts;
  private boolean installed;

  /** Returns whether to go on without what is not prepared yet. */
  boolean isEnough() {
    return attempts >= MAX_ATTEMPTS;
  }

  /** Returns what a flight recorder is told about the change. */
  ChangeEvent recorded() {
    return recorded;
  }

  /** Counts an attempt to install the change. */
  void attempt() {
    attempts++;
  }

  /** Returns whether the change is installed. */
  boolean isInstalled() {
    return installed;
  }

  /** Notes that the change is installed. */
  void installed() {
    installed = true;
  }

  /** Returns what was found out about next hops. */
  Map<InetAddress, Resolution> hops() {
    return hops;
  }

  /** Returns the backends whose next hops were asked for. Guarded by the lock of changes. */
  Set<InetAddress> asked() {
    return asked;
  }

  /** Returns the rings that were built. */
  Map<RingCache.Key, Ring> rings() {
    return rings;
  }

  /** Returns the features for which programs were loaded. */
  Set<Features> programs() {
    return programs;
  }

  /** Returns the idle times, by VIP index, after which expired entries were removed. */
  Map<Integer, Duration> expired() {
    return expired;
  }
}
