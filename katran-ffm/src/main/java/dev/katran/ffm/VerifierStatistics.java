package dev.katran.ffm;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The cost of verifying a program. The verifier reports it if {@link BpfProgram#logLevel} includes
 * {@link BpfConstants#BPF_LOG_STATS}.
 *
 * @param time the duration of the verification
 * @param instructions the number of instructions visited, over all paths; the kernel's limit is one
 *     million
 * @param totalStates the number of states stored for pruning
 * @param peakStates the largest number of states stored at once
 * @since 0.1.0
 */
public record VerifierStatistics(
    Duration time, long instructions, long totalStates, long peakStates) {

  private static final Pattern TIME = Pattern.compile("verification time (\\d+) usec");
  private static final Pattern PROCESSED =
      Pattern.compile("processed (\\d+) insns .* total_states (\\d+) peak_states (\\d+)");

  /** Parses the statistics, which are the last lines of a verifier's log. */
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
