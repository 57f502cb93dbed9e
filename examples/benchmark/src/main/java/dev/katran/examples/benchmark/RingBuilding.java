package dev.katran.examples.benchmark;

import dev.katran.Backend;
import dev.katran.Limits;
import dev.katran.Ring;
import dev.katran.RingAlgorithm;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * The JMH benchmarks of {@link RingBenchmark}: rings of backends with equal and with mixed weights.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class RingBuilding {

  /** The number of backends. */
  @Param({"10", "100", "1000", "4000"})
  public int backends;

  private final Limits limits = Limits.defaults();
  private List<Backend> equal = List.of();
  private List<Backend> mixed = List.of();
  private Ring before = Ring.of(List.of());
  private Ring after = Ring.of(List.of());

  /** Creates the backends. */
  @Setup
  public void prepare() {
    List<Backend> weighted = new ArrayList<>();
    List<Backend> plain = new ArrayList<>();
    for (int i = 0; i < backends; i++) {
      Backend backend = Backend.of(Family.V4.backend(i));
      plain.add(backend);
      weighted.add(backend.weight(1 + i % 10));
    }
    equal = plain;
    mixed = weighted;
    before = Ring.of(equal);
    after = Ring.of(equal.subList(1, equal.size()));
  }

  /** Builds a ring of backends of weight 1. */
  @Benchmark
  public Ring maglev() {
    return Ring.of(limits, RingAlgorithm.MAGLEV, equal);
  }

  /** Builds a ring of backends of weights 1 to 10, with proportional shares. */
  @Benchmark
  public Ring maglevV2() {
    return Ring.of(limits, RingAlgorithm.MAGLEV_V2, mixed);
  }

  /** Computes the fraction of slots that differ between two rings. */
  @Benchmark
  public double difference() {
    return before.difference(after);
  }
}
