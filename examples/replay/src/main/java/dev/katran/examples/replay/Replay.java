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

/** Plays golden packets, or a capture, through a load balancer. */
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
      "%nPlays scenarios of golden packets, and shows each packet that comes out otherwise than it"
          + " should; or sends a capture through the balancer that a scenario describes.%n"
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all is as it should be",
      "1:a row failed, the dataplanes differ, or something could not be read or played",
      "2:the command line is wrong"
    })
public final class Replay implements Callable<Integer> {

  @Spec private CommandSpec spec;

  @Parameters(
      paramLabel = "SCENARIO_DIR",
      description = "a folder with a scenario.json and its tables of packets")
  private List<Path> scenarios = List.of();

  @Option(
      names = "--dataplane",
      paramLabel = "WHICH",
      description =
          "kernel, java, or both, which must then do the same; unless said, both where the"
              + " kernel's can be used")
  private @Nullable DataplaneChoice choice;

  @ArgGroup(exclusive = false)
  private @Nullable Capture capture;

  /** What belongs to a capture. */
  private static final class Capture {

    @Option(
        names = "--pcap",
        required = true,
        arity = "2",
        paramLabel = "FILE",
        description =
            "the capture to be read, and the one to be written of the frames that the balancer"
                + " sends, with the times at which they came in; meanwhile time passes as it does"
                + " here, not as it did there")
    private List<Path> files = List.of();

    @Option(
        names = "--config",
        required = true,
        paramLabel = "FILE",
        description = "the scenario.json that sets the balancer up; its packets are not played")
    private Path config = Path.of("");

    @Option(
        names = "--quiet",
        description = "no line for each frame, but a progress bar, if there is a console")
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
      throw wrong("Missing what to play: SCENARIO_DIR, or --pcap and --config");
    }
    if (capture != null && !scenarios.isEmpty()) {
      throw wrong("--pcap plays no scenario, but there is " + scenarios.getFirst());
    }
    boolean isRight = capture == null ? playScenarios() : playCapture(capture);
    return isRight ? CommandLine.ExitCode.OK : CommandLine.ExitCode.SOFTWARE;
  }

  private ParameterException wrong(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }

  private boolean fail(String what, Exception e) {
    spec.commandLine().getErr().println("replay: " + what + ": " + explain(e));
    return false;
  }

  private List<Dataplane> dataplanes() {
    if (choice != null) {
      return choice.dataplanes();
    }
    Optional<String> missing = Dataplane.KERNEL.whyUnusable();
    missing.ifPresent(why ->
        out().println("only the java dataplane is used, for the kernel's cannot be: " + why));
    return missing.isPresent()
        ? DataplaneChoice.JAVA.dataplanes()
        : DataplaneChoice.BOTH.dataplanes();
  }

  private boolean playScenarios() {
    List<Dataplane> dataplanes = dataplanes();
    Report report = new Report(out());
    for (Path folder : scenarios) {
      Scenario scenario;
      try {
        scenario = Scenario.read(folder);
      } catch (IOException | IllegalArgumentException e) {
        report.unreadable(folder.toString(), explain(e));
        continue;
      }
      List<Playthrough> playthroughs = new ArrayList<>();
      dataplanes.forEach(dataplane -> playthroughs.add(Playthrough.of(scenario, dataplane)));
      report.played(scenario, playthroughs);
    }
    return report.conclude();
  }

  private boolean playCapture(Capture asked) {
    if (asked.files.size() != 2) {
      throw wrong("--pcap takes one capture to read and one to write");
    }
    Path in = asked.files.getFirst();
    Path sent = asked.files.getLast();
    Scenario scenario;
    try {
      if (Files.exists(in) && Files.exists(sent) && Files.isSameFile(in, sent)) {
        throw wrong("the capture " + in + " would be overwritten while it is read");
      }
      scenario = Scenario.readSetup(asked.config);
    } catch (IOException | IllegalArgumentException e) {
      return fail(asked.config.toString(), e);
    }
    try (CaptureReplay replay = new CaptureReplay(scenario, dataplanes(), asked.quiet, out())) {
      return playCapture(replay, in, sent, asked.quiet);
    } catch (LoadBalancerException | IllegalArgumentException e) {
      return fail(asked.config.toString(), e);
    }
  }

  private boolean playCapture(CaptureReplay replay, Path in, Path sent, boolean quiet) {
    try (PcapReader reader = PcapReader.open(in);
        PcapWriter writer = PcapWriter.create(sent, reader.format());
        Progress progress =
            quiet ? Progress.ofBytes(in.toString(), Files.size(in)) : Progress.hidden()) {
      return replay.run(reader, writer, progress);
    } catch (PcapException e) {
      return fail(in.toString(), e);
    } catch (IOException e) {
      return fail("the replay ended", e);
    }
  }

  /** What went wrong, where the exception's own message would not tell. */
  private static String explain(Exception e) {
    return switch (e) {
      case NoSuchFileException missing -> missing.getFile() + ": no such file or folder";
      case AccessDeniedException denied -> denied.getFile() + ": permission denied";
      case CharacterCodingException coding -> "a file is not UTF-8";
      default -> String.valueOf(e.getMessage());
    };
  }
}
