package dev.katran.examples.replay;

import dev.katran.LoadBalancerException;
import dev.katran.examples.replay.pcap.PcapException;
import dev.katran.examples.replay.pcap.PcapReader;
import dev.katran.examples.replay.pcap.PcapWriter;
import dev.katran.examples.replay.scenario.Scenario;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Replays golden packets or a capture through a load balancer. */
@Command(
    name = "replay",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    synopsisHeading = "",
    customSynopsis = {
      "Usage: replay [--dataplane kernel|java|both] SCENARIO_DIR...",
      "       replay [--dataplane kernel|java|both] --pcap IN OUT --config FILE [--quiet]"
    },
    description = {
      "%nReplays scenarios of golden packets and shows every packet whose result differs from the"
          + " expected one. Or sends a capture through the balancer that a scenario configures.%n"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all rows passed, or both dataplanes agreed on the capture",
      "1:a row failed, the dataplanes differ, or an input could not be read or replayed",
      "2:invalid command line"
    })
public final class Replay implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "SCENARIO_DIR",
      description = "folder with a scenario.json and its tables of packets")
  private List<Path> scenarios = List.of();

  @Option(
      names = "--dataplane",
      paramLabel = "WHICH",
      description =
          "kernel, java, or both, which must then agree (default: both if the kernel's is"
              + " available, else java)")
  private @Nullable DataplaneChoice choice;

  @ArgGroup(exclusive = false)
  private @Nullable Capture capture;

  /** The options of a capture replay. */
  private static final class Capture {

    @Option(
        names = "--pcap",
        required = true,
        arity = "2",
        paramLabel = "FILE",
        description =
            "the capture to read, and the one to write: the frames that the balancer sends, with"
                + " the timestamps of the frames that caused them. Frames are replayed as fast as"
                + " possible, not at the recorded times")
    private List<Path> files = List.of();

    @Option(
        names = "--config",
        required = true,
        paramLabel = "FILE",
        description =
            "the scenario.json that configures the balancer; its packets are not replayed")
    private Path config = Path.of("");

    @Option(
        names = "--quiet",
        description = "print no line per frame; show a progress bar if there is a terminal")
    private boolean quiet;
  }

  /** Runs the program. */
  public static void main(String[] args) {
    System.exit(commandLine().execute(args));
  }

  static CommandLine commandLine() {
    return new CommandLine(new Replay()).setCaseInsensitiveEnumValuesAllowed(true);
  }

  @Override
  public Integer call() {
    if (capture == null && scenarios.isEmpty()) {
      throw usageError("Missing input: pass SCENARIO_DIR, or --pcap and --config");
    }
    if (capture != null && !scenarios.isEmpty()) {
      throw usageError("--pcap excludes SCENARIO_DIR " + scenarios.getFirst());
    }
    boolean passed = capture == null ? replayScenarios() : replayCapture(capture);
    return passed ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private ParameterException usageError(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private boolean fail(String context, Exception e) {
    spec.commandLine().getErr().println("replay: " + context + ": " + explain(e));
    return false;
  }

  private List<Dataplane> dataplanes() {
    if (choice != null) {
      return choice.dataplanes();
    }
    Optional<String> missing = Dataplane.KERNEL.unavailabilityCause();
    missing.ifPresent(cause ->
        out().println("using only the java dataplane; the kernel's is unavailable: " + cause));
    return missing.isPresent()
        ? DataplaneChoice.JAVA.dataplanes()
        : DataplaneChoice.BOTH.dataplanes();
  }

  private boolean replayScenarios() {
    List<Dataplane> dataplanes = dataplanes();
    Report report = new Report(out());
    for (Path folder : scenarios) {
      Scenario scenario;
      try {
        scenario = Scenario.read(folder);
      } catch (IOException | IllegalArgumentException e) {
        report.addUnreadable(folder.toString(), explain(e));
        continue;
      }
      List<ScenarioRun> runs = new ArrayList<>();
      dataplanes.forEach(dataplane -> runs.add(ScenarioRun.of(scenario, dataplane)));
      report.add(scenario, runs);
    }
    return report.finish();
  }

  private boolean replayCapture(Capture options) {
    if (options.files.size() != 2) {
      throw usageError("--pcap takes one capture to read and one to write");
    }
    Path in = options.files.getFirst();
    Path sent = options.files.getLast();
    Scenario scenario;
    try {
      if (Files.exists(in) && Files.exists(sent) && Files.isSameFile(in, sent)) {
        throw usageError("the capture " + in + " would be overwritten while it is read");
      }
      scenario = Scenario.readSetup(options.config);
    } catch (IOException | IllegalArgumentException e) {
      return fail(options.config.toString(), e);
    }
    try (CaptureReplay replay = new CaptureReplay(scenario, dataplanes(), options.quiet, out())) {
      return replayCapture(replay, in, sent, options.quiet);
    } catch (LoadBalancerException | IllegalArgumentException e) {
      return fail(options.config.toString(), e);
    }
  }

  private boolean replayCapture(CaptureReplay replay, Path in, Path sent, boolean quiet) {
    try (PcapReader reader = PcapReader.open(in);
        PcapWriter writer = PcapWriter.create(sent, reader.format());
        Progress progress =
            quiet ? Progress.ofBytes(in.toString(), Files.size(in)) : Progress.hidden()) {
      return replay.run(reader, writer, progress);
    } catch (PcapException e) {
      return fail(in.toString(), e);
    } catch (IOException e) {
      return fail("the replay failed", e);
    }
  }

  /** Returns the message of an exception, or a better one where its own is only a file name. */
  private static String explain(Exception e) {
    return switch (e) {
      case NoSuchFileException missing -> missing.getFile() + ": no such file or folder";
      case AccessDeniedException denied -> denied.getFile() + ": permission denied";
      case CharacterCodingException coding -> "a file is not UTF-8";
      default -> String.valueOf(e.getMessage());
    };
  }
}
