package dev.katran.examples.benchmark;

import dev.katran.LoadBalancerException;
import dev.katran.ffm.LibbpfUnavailableException;
import dev.katran.ffm.NativeException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** A subcommand: measures, and prints the result; how far it has come is said on standard error. */
abstract class Measurement implements Callable<Integer> {

  @ParentCommand private Benchmark benchmark;

  @Spec private CommandSpec spec;

  /** What was measured. */
  abstract List<Row> measure() throws Exception;

  @Override
  public final Integer call() throws Exception {
    try {
      List<Row> rows = measure();
      PrintWriter out = spec.commandLine().getOut();
      out.println(benchmark.format(rows));
      out.flush();
      return 0;
    } catch (LoadBalancerException
        | NativeException
        | LibbpfUnavailableException
        | IllegalArgumentException e) {
      say(spec.name() + ": " + e.getMessage());
      return 1;
    }
  }

  /** Says something that is no result. */
  final void say(String text) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(text);
    err.flush();
  }
}
