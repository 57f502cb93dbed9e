package dev.katran.internal.control;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.InterceptedDataplane;
import java.util.Set;
import java.util.concurrent.Callable;

/** A dataplane whose process is killed at a write: from then on, nothing has an effect. */
public final class MortalDataplane {

  private static final Set<String> READS =
      Set.of(
          "rings.place",
          "rings.read",
          "rings.announce",
          "journal.read",
          "journal.room",
          "counters.read",
          "program.run",
          "program.loading",
          "program.attachment",
          "program.hostAddresses",
          "flows.get",
          "flows.scan",
          "backends.hop",
          "deadlines.left");

  /** Thrown by each write after the process was killed. */
  public static final class Killed extends Error {
    private static final long serialVersionUID = 1L;

    Killed(String write) {
      super(write);
    }
  }

  private final Dataplane dataplane;
  private int left = Integer.MAX_VALUE;
  private boolean isAfterwards;
  private boolean isDead;

  /** Wraps a dataplane whose process lives for now. */
  public MortalDataplane(Dataplane delegate) {
    this.dataplane = InterceptedDataplane.of(delegate, this::call);
  }

  /** Returns the dataplane. */
  public Dataplane dataplane() {
    return dataplane;
  }

  /**
   * Kills the process.
   *
   * @param count the number of writes that still have an effect
   * @param afterwards whether the next one has, too, but does not return
   */
  public void killAfter(int count, boolean afterwards) {
    left = count;
    isAfterwards = afterwards;
  }

  /** Returns whether the process was killed. */
  public boolean isDead() {
    return isDead;
  }

  private Object call(String method, Object[] arguments, Callable<Object> proceed)
      throws Exception {
    if (READS.contains(method)) {
      return proceed.call();
    }
    if (isDead) {
      throw new Killed(method);
    }
    if (method.equals("batch")) {
      Runnable changes = (Runnable) arguments[0];
      arguments[0] =
          (Runnable)
              () -> {
                changes.run();
                dieOrNot(method); // when it would be published
              };
      Object result = proceed.call();
      dieOrNot(method);
      return result;
    }
    if (isAfterwards) {
      Object result = proceed.call();
      dieOrNot(method);
      return result;
    }
    dieOrNot(method);
    return proceed.call();
  }

  private void dieOrNot(String method) {
    if (isDead || left-- == 0) {
      isDead = true;
      throw new Killed(method);
    }
  }
}
