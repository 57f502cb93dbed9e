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

/** How long rings take to be built and compared. */
@Command(
    name = "ring",
    mixinStandardHelpOptions = true,
    description = "Building and comparing rings of 65537 slots, by JMH.")
final class RingBenchmark extends Measurement {

  private static final int ITERATIONS = 3;

  @Option(
      names = "--backends",
      split = ",",
      defaultValue = "10,100,1000,4000",
      description = "(default: ${DEFAULT-VALUE})")
  private String[] backends;

  @Option(
      names = "--seconds",
      defaultValue = "3",
      description = "to warm up, and as many to measure, each row (default: ${DEFAULT-VALUE})")
  private double seconds;

  @Option(
      names = "--forks",
      defaultValue = "1",
      description = "JVMs of its own for each row; 0 is this one (default: ${DEFAULT-VALUE})")
  private int forks;

  @Override
  List<Row> measure() throws RunnerException {
    if (!(seconds > 0)) {
      throw new IllegalArgumentException("--seconds must be more than 0, not " + seconds);
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
    say("ring: some %.0f seconds".formatted(3 * backends.length * 2 * seconds));
    return runAside(options.build()).stream().map(RingBenchmark::row).toList();
  }

  /** What JMH's own JVMs say, warnings and all, must not come between the results. */
  private static Collection<RunResult> runAside(Options options) throws RunnerException {
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
