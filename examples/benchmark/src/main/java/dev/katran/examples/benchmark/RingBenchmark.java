package dev.katran.examples.benchmark;

import java.io.PrintStream;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;
import org.openjdk.jmh.util.Statistics;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures how long it takes to build and to compare rings. */
@Command(
    name = "ring",
    mixinStandardHelpOptions = true,
    description = "Measures building and comparing rings of 65537 slots, by JMH.")
final class RingBenchmark extends Measurement {

  private static final int ITERATIONS = 3;

  @Option(
      names = "--backends",
      split = ",",
      defaultValue = "10,100,1000,4000",
      description = "numbers of backends (default: ${DEFAULT-VALUE})")
  private String[] backends;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description = "seconds of warm-up, and of measurement, per row (default: ${DEFAULT-VALUE})")
  private double seconds;

  @Option(
      names = "--forks",
      defaultValue = "1",
      description = "JVMs to fork per row; 0 measures in this one (default: ${DEFAULT-VALUE})")
  private int forks;

  @Override
  List<Row> measure() throws RunnerException {
    if (!(seconds > 0)) {
      throw new IllegalArgumentException("--seconds %s is not positive".formatted(seconds));
    }
    TimeValue iteration = TimeValue.milliseconds(Math.round(1000 * seconds / ITERATIONS));
    OptionsBuilder options = new OptionsBuilder();
    options
        .include(RingBuilding.class.getName() + "\\.")
        .param("backends", backends)
        .forks(forks)
        .warmupIterations(ITERATIONS)
        .warmupTime(iteration)
        .measurementIterations(ITERATIONS)
        .measurementTime(iteration)
        .shouldFailOnError(true)
        .verbosity(VerboseMode.SILENT);
    progress("ring: about %.0f seconds".formatted(3 * backends.length * 2 * seconds));
    return run(options.build()).stream().map(RingBenchmark::row).toList();
  }

  /** Runs JMH with its output, and that of its JVMs, on standard error, apart from the results. */
  private static Collection<RunResult> run(Options options) throws RunnerException {
    PrintStream out = System.out;
    System.setOut(System.err);
    try {
      return new Runner(options).run();
    } finally {
      System.setOut(out);
    }
  }

  private static Row row(RunResult result) {
    String name = result.getParams().getBenchmark();
    Statistics times = result.getPrimaryResult().getStatistics();
    return Row.of("ring", name.substring(name.lastIndexOf('.') + 1))
        .with("backends", Integer.parseInt(result.getParams().getParam("backends")))
        .with("p50", times.getPercentile(50))
        .with("p90", times.getPercentile(90))
        .with("unit", "ms");
  }
}
