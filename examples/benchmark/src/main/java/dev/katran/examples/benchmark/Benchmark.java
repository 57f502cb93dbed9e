package dev.katran.examples.benchmark;

import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ScopeType;

/** Measures what the balancer costs. Each subcommand prints a table. */
@Command(
    name = "benchmark",
    mixinStandardHelpOptions = true,
    description = "Measures what the load balancer costs.",
    subcommands = {
      PacketBenchmark.class,
      RingBenchmark.class,
      ChangeBenchmark.class,
      OpenBenchmark.class,
      ScaleBenchmark.class,
      ChurnBenchmark.class,
      VethBenchmark.class
    })
public final class Benchmark {

  @Option(
      names = "--json",
      scope = ScopeType.INHERIT,
      description = "print a JSON array of flat objects instead of a table")
  private boolean json;

  private Benchmark() {}

  /** Runs a subcommand. Exits with 0 if the measurement succeeded. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Benchmark());
  }

  String format(List<Row> rows) {
    return json ? Rows.json(rows) : Rows.table(rows);
  }
}
