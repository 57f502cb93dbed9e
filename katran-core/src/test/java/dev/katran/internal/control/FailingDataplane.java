package dev.katran.internal.control;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.InterceptedDataplane;
import java.util.Set;
import java.util.concurrent.Callable;

/** Fails one write of a dataplane. Later writes, such as those of the rollback, succeed again. */
public final class FailingDataplane {

  private static final Set<String> WRITES =
      Set.of(
          "vips.put",
          "vips.remove",
          "vips.answerPing",
          "rings.put",
          "rings.remove",
          "backends.put",
          "backends.remove",
          "serverIds.put",
          "serverIds.remove",
          "serverIds.replace");

  /** Thrown by the write that fails. */
  public static final class WriteFailure extends RuntimeException {
    private static final long serialVersionUID = 1L;

    WriteFailure(String write) {
      super(write);
    }
  }

  private final Dataplane dataplane;
  private int writesLeft = Integer.MAX_VALUE;

  /** Wraps a dataplane, which fails once {@link #failAfter} was called. */
  public FailingDataplane(Dataplane delegate) {
    this.dataplane = InterceptedDataplane.of(delegate, this::call);
  }

  /** Returns the dataplane whose writes fail. */
  public Dataplane dataplane() {
    return dataplane;
  }

  /** Lets a number of writes succeed, fails the next one, and lets all others succeed again. */
  public void failAfter(int writes) {
    writesLeft = writes;
  }

  /** Returns whether a write has failed since {@link #failAfter}. */
  public boolean hasFailed() {
    return writesLeft < 0;
  }

  private Object call(String method, Object[] arguments, Callable<Object> proceed)
      throws Exception {
    if (WRITES.contains(method) && writesLeft >= 0 && writesLeft-- == 0) {
      throw new WriteFailure(method);
    }
    return proceed.call();
  }
}
