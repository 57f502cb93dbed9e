package dev.katran.examples.replay;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import picocli.CommandLine;

/** The result of a run of the command line. */
record ReplayRun(int exitCode, String out, String err) {

  static ReplayRun of(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine command =
        Replay.commandLine().setOut(new PrintWriter(out)).setErr(new PrintWriter(err));
    return new ReplayRun(command.execute(arguments), out.toString(), err.toString());
  }

  List<String> lines() {
    return out.lines().toList();
  }
}
