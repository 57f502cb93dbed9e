package dev.katran.examples.benchmark;

import dev.katran.LoadBalancerException;
import dev.katran.ffm.LibbpfUnavailableException;
import dev.katran.ffm.NativeException;
import dev.katran.lab.LabException;
import java.io.PrintWriter;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** A subcommand, which measures and prints the result. Progress goes to standard error. */
abstract class Measurement implements Callable<Integer> {

  @ParentCommand private Benchmark benchmark;

  @Spec private CommandSpec spec;

  /** Measures and returns the result. */
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
        | LabException
        | NativeException
        | LibbpfUnavailableException
        | IllegalArgumentException e) {
      progress(spec.name() + ": " + e.getMessage());
      return 1;
    }
  }

  /** Prints a line on standard error. */
  final void progress(String text) {
    PrintWriter err = spec.commandLine().getErr();
    err.println(text);
    err.flush();
  }
}
