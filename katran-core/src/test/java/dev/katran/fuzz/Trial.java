package dev.katran.fuzz;

import dev.katran.dataplane.DataplaneConfig;
import java.util.ArrayList;
import java.util.List;

/** What is done to two dataplanes that are opened for it. */
record Trial(DataplaneConfig config, List<Operation> operations) {

  /** The last operation: the one that shows a difference, if there is one. */
  Operation last() {
    return operations.getLast();
  }

  /** The first operations, so many of them. */
  Trial first(int count) {
    return new Trial(config, List.copyOf(operations.subList(0, count)));
  }

  Trial with(DataplaneConfig other) {
    return new Trial(other, operations);
  }

  /** The same with another operation at this place. */
  Trial with(int place, Operation operation) {
    List<Operation> others = new ArrayList<>(operations);
    others.set(place, operation);
    return new Trial(config, others);
  }

  /** The same without the operations from one place to before another. */
  Trial without(int from, int to) {
    List<Operation> rest = new ArrayList<>(operations);
    rest.subList(from, to).clear();
    return new Trial(config, rest);
  }
}
