package dev.katran.traffic;

import java.util.List;
import java.util.stream.Stream;

/**
 * Something that happens in {@link ChaosIT} while clients download. It ends with a balancer that
 * runs and a network that works. What may be lost meanwhile, it declares by {@link
 * ChaosBed#losing}; everything else that is lost is a bug.
 */
record Disturbance(String name, Action action) {

  /** All of them. */
  static final List<Disturbance> ALL =
      Stream.of(
              ProcessDisturbances.ALL,
              ConfigurationDisturbances.ALL,
              NetworkDisturbances.ALL,
              BackendDisturbances.ALL,
              ShortageDisturbances.ALL)
          .flatMap(List::stream)
          .toList();

  /** What happens. */
  @FunctionalInterface
  interface Action {
    /** Lets it happen. */
    void run(ChaosBed bed) throws Exception;
  }

  /** Lets it happen. */
  void run(ChaosBed bed) throws Exception {
    action.run(bed);
  }

  @Override
  public String toString() {
    return name;
  }
}
