package dev.katran.internal.control;

import dev.katran.Backend;
import dev.katran.Limits;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.control.StoredState.Left;
import dev.katran.internal.control.StoredState.Replayed;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.recording.AdoptionEvent;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Continues what an earlier control plane has left in the dataplane: reads its log, takes over what
 * is installed, attaches the program, and only then changes anything. A change that was interrupted
 * is finished or, if that is not possible, undone. Used once.
 */
final class Takeover {

  private static final Logger log = LoggerFactory.getLogger(Takeover.class);

  private final Control control;
  private final Installer installer;
  private final StateLog stateLog;
  private final List<LiveTable<?, ?>> tables;

  Takeover(Control control, Installer installer, StateLog stateLog, List<LiveTable<?, ?>> tables) {
    this.control = control;
    this.installer = installer;
    this.stateLog = stateLog;
    this.tables = tables;
  }

  /**
   * Takes over.
   *
   * @param attach attaches the program, once it fits what is in the tables
   * @return whether there was anything
   */
  boolean run(Runnable attach) {
    AdoptionEvent recorded = new AdoptionEvent();
    Replayed replayed = stateLog.replay();
    if (replayed == null) {
      stateLog.start(control.state());
      attach.run();
      return false;
    }
    checkLimits(replayed.committed());
    for (LiveTable<?, ?> table : tables) {
      table.adopt(replayed.committed().table(name(table)));
    }
    installer.adopt(replayed, references(), control.sourceRoutes().uses());
    attach.run();
    Set<Left> left = new HashSet<>(replayed.committed().left);
    StoredState next = replayed.next();
    if (next != null) {
      left.addAll(next.left);
      finish(replayed.committed(), next);
    }
    installer.endAdoption(left);
    installer.hopUpdates().adopt();
    recorded.adopted(control.state().vips().size(), next != null);
    return true;
  }

  /** Checks the limits, which may be others than those of the earlier control plane. */
  private void checkLimits(StoredState state) {
    Limits limits = control.limits();
    if (state.vips.size() > limits.vips() || state.backends.size() > limits.backends()) {
      throw new Failure(
          Failure.Kind.LIMIT,
          "%d VIPs and %d backends are installed, and the limits allow %d and %d"
              .formatted(
                  state.vips.size(), state.backends.size(), limits.vips(), limits.backends()));
    }
  }

  /** Returns the backends that tables name, each with the number of entries. */
  private Map<Backend, Integer> references() {
    Map<Backend, Integer> references = new HashMap<>();
    for (LiveTable<?, ?> table : tables) {
      table
          .uses()
          .forEach((value, count) -> {
            if (value instanceof Backend backend) {
              references.merge(backend, count, Integer::sum);
            }
          });
    }
    return references;
  }

  /** Finishes an interrupted change, or undoes it if that fails. */
  private void finish(StoredState before, StoredState next) {
    List<LiveTable<?, ?>> written =
        tables.stream()
            .filter(table -> !next.table(name(table)).equals(before.table(name(table))))
            .toList();
    try {
      control.change(desired -> edit(desired, next, written));
      log.info("finished the change in which the last process ended");
    } catch (RuntimeException e) {
      log.warn(
          "undoes the change in which the last process ended, since it cannot be finished: {}",
          e.toString());
      try {
        control.change(desired -> edit(desired, before, written));
      } catch (RuntimeException failure) {
        failure.addSuppressed(e);
        throw failure;
      }
    }
  }

  private static String name(LiveTable<?, ?> table) {
    return table.kind().name();
  }

  private static void edit(DesiredState desired, StoredState target, List<LiveTable<?, ?>> tables) {
    Map<VipKey, Vip> vips = new LinkedHashMap<>();
    target.vips.forEach((key, stored) -> vips.put(key, stored.vip()));
    desired.replaceAll(vips);
    desired.down(target.down);
    desired.watch(target.watched);
    tables.forEach(table -> table.replaceIn(desired, target.table(name(table))));
  }
}
