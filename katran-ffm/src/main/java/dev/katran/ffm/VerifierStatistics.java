package dev.katran.ffm;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What it cost the verifier to accept a program; asked for with {@link BpfProgram#logLevel} {@link
 * BpfConstants#BPF_LOG_STATS}.
 *
 * @param time how long the verifier took
 * @param instructions how many instructions it visited, on all paths together; a million are too
 *     many
 * @param totalStates how many states it kept to compare with
 * @param peakStates how many of them at once
 */
public record VerifierStatistics(
    Duration time, long instructions, long totalStates, long peakStates) {

  private static final Pattern TIME = Pattern.compile("verification time (\\d+) usec");
  private static final Pattern PROCESSED =
      Pattern.compile("processed (\\d+) insns .* total_states (\\d+) peak_states (\\d+)");

  /** Finds the statistics in a verifier's log, where they are the last lines. */
  static Optional<VerifierStatistics> parse(String log) {
    Matcher time = TIME.matcher(log);
    Matcher processed = PROCESSED.matcher(log);
    if (!time.find() || !processed.find()) {
      return Optional.empty();
    }
    return Optional.of(
        new VerifierStatistics(
            Duration.ofNanos(1000 * Long.parseLong(time.group(1))),
            Long.parseLong(processed.group(1)),
            Long.parseLong(processed.group(2)),
            Long.parseLong(processed.group(3))));
  }
}
