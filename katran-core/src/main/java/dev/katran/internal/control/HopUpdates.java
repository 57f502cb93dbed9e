package dev.katran.internal.control;

import dev.katran.BackendKey;
import dev.katran.internal.nexthop.NextHops;
import dev.katran.internal.nexthop.Resolution;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Updates the next hops that differ from those in the dataplane. A backend that has found its first
 * one gets slots; one that has lost it gives its slots up. Thread-safe.
 */
final class HopUpdates {

  private static final Logger log = LoggerFactory.getLogger(HopUpdates.class);

  private final Installer installer;
  private final OpenDataplane open;
  private final InstalledHops hops;
  private final NextHops nextHops;

  HopUpdates(Installer installer, OpenDataplane open, InstalledHops hops, NextHops nextHops) {
    this.installer = installer;
    this.open = open;
    this.hops = hops;
    this.nextHops = nextHops;
  }

  /** Returns whether there is work for {@link #repair}. */
  boolean areNeeded() {
    return hops.isStale();
  }

  /** Updates what could not be updated before. */
  void repair() {
    if (areNeeded()) {
      update();
    }
  }

  /** Updates the next hops of all backends. */
  void update() {
    hops.setStale(false);
    try {
      updateAll(installer.state().backends().keySet());
    } catch (RuntimeException | Error e) {
      hops.setStale(true);
      throw e;
    }
  }

  /**
   * Updates the next hops of backends that were just installed, and which changed before. If that
   * fails, they are updated later.
   */
  void update(Set<BackendKey> added) {
    try {
      if (!added.isEmpty()) {
        updateAll(added);
      }
    } catch (RuntimeException | Error e) {
      if (!open.isClosed()) {
        log.warn("cannot update next hops yet; tried again every second", e);
        hops.setStale(true);
      }
    }
  }

  /**
   * Finds the next hops of the backends that were taken over. One that had a next hop keeps it
   * unless another one, or none, is found in time.
   */
  void adopt() {
    Set<InetAddress> resolved = new HashSet<>();
    Set<InetAddress> others = new HashSet<>();
    installer.locked(() ->
        installer
            .state()
            .backends()
            .keySet()
            .forEach(key -> (hops.get(key) == null ? others : resolved).add(key.address())));
    nextHops.resolve(others, Duration.ZERO);
    nextHops.resolve(resolved, Installer.NEXT_HOP_TIMEOUT);
    update();
  }

  private void updateAll(Set<BackendKey> backends) {
    Set<InetAddress> addresses = new HashSet<>();
    backends.forEach(key -> addresses.add(key.address()));
    nextHops.resolve(addresses, Duration.ZERO); // looks up those that are new, which may take long
    boolean[] isUpdated = {false};
    installer.update(installed -> {
      // What was known before the lock was taken may be older than what another thread has written.
      Map<InetAddress, Resolution> found = nextHops.resolve(addresses, Duration.ZERO);
      hops.refresh(installed, backends, found);
      isUpdated[0] = true;
      return installed;
    });
    if (!isUpdated[0]) {
      hops.setStale(true);
    }
    if (hops.hasMoved()) {
      installer.change(desired -> {});
    }
  }
}
