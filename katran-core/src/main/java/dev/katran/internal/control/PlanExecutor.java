package dev.katran.internal.control;

import com.google.common.collect.Lists;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.RingBackends;
import dev.katran.internal.dataplane.RingSlots;
import dev.katran.internal.failure.Failure;
import java.lang.ref.Reference;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Executes plans, all or nothing. If an operation fails, all are undone in reverse order. What
 * cannot be undone at once is dirty: it is repaired before anything else is changed. Runs under the
 * lock of changes.
 */
final class PlanExecutor {

  private static final Logger log = LoggerFactory.getLogger(PlanExecutor.class);

  /** How many operations ahead rings are announced. The slots of a ring take 256 KiB. */
  static final int ANNOUNCED = 128;

  private final Dataplane dataplane;

  /** The operations that could not be undone, in the order in which to undo them. */
  private List<Operation> dirty = List.of();

  PlanExecutor(Dataplane dataplane) {
    this.dataplane = dataplane;
  }

  /** Returns whether operations of a failed plan are still to be undone. */
  boolean isDirty() {
    return !dirty.isEmpty();
  }

  /**
   * Executes a plan.
   *
   * @throws RuntimeException the failure of an operation, after all were undone or are dirty
   */
  void execute(Plan plan) {
    Deque<Operation> begun = new ArrayDeque<>();
    try {
      plan.first().forEach(operation -> run(operation, begun));
      if (!plan.batch().isEmpty()) {
        dataplane.batch(() -> runAll(plan.batch(), begun));
      }
    } catch (Failure e) {
      rollBack(List.copyOf(begun), e);
      throw e.withMessage(
          (isDirty()
                  ? "the change failed and could not be undone yet, which is tried every second: "
                  : "the change was rolled back: ")
              + e.getMessage());
    } catch (RuntimeException | Error e) {
      rollBack(List.copyOf(begun), e);
      throw e;
    }
  }

  private void runAll(List<Operation> operations, Deque<Operation> begun) {
    for (List<Operation> next : Lists.partition(operations, ANNOUNCED)) {
      List<Operation.PutRing> rings =
          next.stream()
              .filter(Operation.PutRing.class::isInstance)
              .map(Operation.PutRing.class::cast)
              .toList();
      if (rings.size() > 1) {
        announce(rings);
      }
      next.forEach(operation -> run(operation, begun));
    }
  }

  /**
   * Reads the rings that change, which is quicker than to compute them, and computes the others.
   */
  private void announce(List<Operation.PutRing> rings) {
    List<RingBackends> read =
        rings.parallelStream()
            .map(Operation.PutRing::changing)
            .filter(Objects::nonNull)
            .map(this::read)
            .filter(Objects::nonNull)
            .toList();
    try {
      dataplane.rings().announce(Lists.transform(rings, ring -> ring.after()::slots));
    } finally {
      Reference.reachabilityFence(read); // as long as it is in use, it is not computed
    }
  }

  private @Nullable RingBackends read(RingSlots ring) {
    RingBackends backends = dataplane.rings().read(ring);
    if (backends != null) {
      ring.remember(backends);
    }
    return backends;
  }

  private void run(Operation operation, Deque<Operation> begun) {
    begun.push(operation); // first, because it may fail half way
    operation.run(dataplane);
  }

  private void rollBack(List<Operation> begun, Throwable cause) {
    dirty = undo(begun, cause);
    if (dirty.isEmpty()) {
      dataplane.commit();
    } else {
      log.error(
          "a change failed and {} of its {} writes could not be undone: packets may be forwarded by"
              + " either state until that succeeds, which is tried every second: {}: {}",
          dirty.size(),
          begun.size(),
          dirty,
          cause.toString());
    }
  }

  /** Undoes operations and returns those that failed. */
  private List<Operation> undo(List<Operation> operations, Throwable cause) {
    List<Operation> failed = new ArrayList<>();
    try {
      dataplane.batch(() -> undoEach(operations, failed, cause));
      return List.copyOf(failed);
    } catch (RuntimeException | Error e) {
      cause.addSuppressed(e); // the batch could not be published
    }
    failed.clear();
    undoEach(operations, failed, cause);
    return List.copyOf(failed);
  }

  private void undoEach(List<Operation> operations, List<Operation> failed, Throwable cause) {
    for (Operation operation : operations) {
      try {
        operation.undo(dataplane);
      } catch (RuntimeException | Error e) {
        cause.addSuppressed(e);
        failed.add(operation);
      }
    }
  }

  /** Undoes what is dirty. Does nothing if that fails again. */
  void repair() {
    if (dirty.isEmpty()) {
      return;
    }
    RuntimeException cause = new IllegalStateException("cannot undo " + dirty);
    dirty = undo(dirty, cause);
    if (dirty.isEmpty()) {
      dataplane.commit();
      log.info("the failed change is undone");
    } else {
      log.debug("the failed change is not undone yet", cause);
    }
  }

  /**
   * Undoes what is dirty.
   *
   * @throws Failure if that is not possible yet
   */
  void requireClean() {
    repair();
    if (isDirty()) {
      throw new Failure(
          Failure.Kind.REFUSED,
          "an earlier change failed, and %d of its writes cannot be undone yet: %s"
              .formatted(dirty.size(), dirty));
    }
  }
}
