package dev.katran.fuzz;

import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.InterceptedDataplane;
import dev.katran.internal.dataplane.memory.JavaDataplane;

/** Java dataplanes with injected faults, which prove that the fuzz finds wrong outcomes. */
final class BrokenDataplane {

  /** Falsifies return values. */
  interface Fault {

    /**
     * Returns the value that the broken dataplane returns from a method.
     *
     * @param method the role and method, such as {@code "program.run"}
     * @param answer the value that the correct dataplane returned
     */
    Object apply(String method, Object[] arguments, Object answer);
  }

  private BrokenDataplane() {}

  /** Opens a dataplane that behaves correctly except for the fault. */
  static Dataplane open(DataplaneConfig config, Fault fault) {
    return InterceptedDataplane.of(
        new JavaDataplane(config),
        (method, arguments, proceed) -> fault.apply(method, arguments, proceed.call()));
  }
}
