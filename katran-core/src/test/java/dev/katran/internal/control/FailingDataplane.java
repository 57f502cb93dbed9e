package dev.katran.internal.control;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.InterceptedDataplane;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.function.IntPredicate;

/** Fails writes of a dataplane, such as those of a change or of its undoing. */
public final class FailingDataplane {

  private static final Set<String> WRITES =
      Set.of(
          "vips.put",
          "vips.remove",
          "vips.answerPing",
          "rings.put",
          "rings.mark",
          "rings.remove",
          "backends.put",
          "backends.remove",
          "counters.clear",
          "serverIds.put",
          "serverIds.remove",
          "serverIds.replace",
          "sourceRoutes.put",
          "sourceRoutes.remove",
          "sourceRoutes.replace",
          "tunnelEndpoints.put",
          "tunnelEndpoints.remove",
          "tunnelEndpoints.replace",
          "down.put",
          "down.remove",
          "reverse.put",
          "reverse.remove",
          "reverse.replace",
          "flows.removeIf",
          "program.use",
          "program.loading",
          "batch");

  /** Thrown by the write that fails. */
  public static final class WriteFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WriteFailure(String write) {
      super(write);
    }
  }

  private final Dataplane dataplane;
  private IntPredicate fails = write -> false;
  private boolean late;
  private int writes;
  private boolean failed;

  /** Wraps a dataplane, whose writes succeed for now. */
  public FailingDataplane(Dataplane delegate) {
    this.dataplane = InterceptedDataplane.of(delegate, this::call);
  }

  /** Returns the dataplane whose writes fail. */
  public Dataplane dataplane() {
    return dataplane;
  }

  /** Lets a number of writes succeed, fails the next one, and lets all others succeed again. */
  public void failAfter(int count) {
    fail(write -> write == count, false);
  }

  /**
   * Fails some of the writes from now on.
   *
   * @param which selects them, numbered from 0
   * @param afterwards whether a write fails after it has had its effect, like one that fails half
   *     way
   */
  public void fail(IntPredicate which, boolean afterwards) {
    fails = which;
    late = afterwards;
    writes = 0;
    failed = false;
  }

  /** Lets all writes succeed again. */
  public void heal() {
    fails = write -> false;
  }

  /** Returns whether a write has failed since {@link #fail}. */
  public boolean hasFailed() {
    return failed;
  }

  /** Returns the number of writes since {@link #fail}. */
  public int writes() {
    return writes;
  }

  private Object call(String method, Object[] arguments, Callable<Object> proceed)
      throws Exception {
    if (!WRITES.contains(method)) {
      return proceed.call();
    }
    if (method.equals("batch")) {
      Runnable changes = (Runnable) arguments[0];
      arguments[0] =
          (Runnable)
              () -> {
                changes.run();
                failOrNot(method); // when it would be published
              };
      return proceed.call();
    }
    if (method.endsWith(".replace")) {
      failOrNot(method); // atomic, so that it cannot fail half way
      Runnable undo = (Runnable) proceed.call();
      return (Runnable)
          () -> {
            failOrNot(method + " undo");
            undo.run();
          };
    }
    if (late) {
      Object result = proceed.call();
      failOrNot(method);
      return result;
    }
    failOrNot(method);
    return proceed.call();
  }

  private void failOrNot(String method) {
    if (fails.test(writes++)) {
      failed = true;
      throw new WriteFailure(method);
    }
  }
}
