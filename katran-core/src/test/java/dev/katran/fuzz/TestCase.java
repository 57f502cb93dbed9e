package dev.katran.fuzz;

import dev.katran.internal.dataplane.DataplaneConfig;
import java.util.ArrayList;
import java.util.List;

/** A configuration to open two dataplanes with, and the operations to apply to both. */
record TestCase(DataplaneConfig config, List<Operation> operations) {

  /** Returns the last operation: in a {@link Mismatch}, the one whose outcomes differ. */
  Operation last() {
    return operations.getLast();
  }

  /** Returns a test case with only the first {@code count} operations. */
  TestCase first(int count) {
    return new TestCase(config, List.copyOf(operations.subList(0, count)));
  }

  TestCase with(DataplaneConfig other) {
    return new TestCase(other, operations);
  }

  /** Returns a test case with the operation at an index replaced. */
  TestCase with(int index, Operation operation) {
    List<Operation> others = new ArrayList<>(operations);
    others.set(index, operation);
    return new TestCase(config, others);
  }

  /**
   * Returns a test case without the operations from one index, inclusive, to another, exclusive.
   */
  TestCase without(int from, int to) {
    List<Operation> rest = new ArrayList<>(operations);
    rest.subList(from, to).clear();
    return new TestCase(config, rest);
  }
}
