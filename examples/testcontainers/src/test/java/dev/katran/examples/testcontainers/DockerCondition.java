package dev.katran.examples.testcontainers;

import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.images.RemoteDockerImage;
import org.testcontainers.utility.DockerImageName;

/**
 * Skips tests, with a line that gives the reason, where the Docker engine or the base image is
 * missing. With {@code KATRAN_FORBID_SKIPS=1} it fails them instead.
 */
final class DockerCondition implements ExecutionCondition {

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    Optional<String> missing = Probe.MISSING;
    if (missing.isEmpty()) {
      return ConditionEvaluationResult.enabled(
          "the Docker engine and the base image are available");
    }
    if ("1".equals(System.getenv("KATRAN_FORBID_SKIPS"))) {
      throw new AssertionError("tests must not be skipped: " + missing.get());
    }
    return ConditionEvaluationResult.disabled(missing.get());
  }

  /** Checks, and prints the result, once for all tests. */
  private static final class Probe {
    static final Optional<String> MISSING = findMissing().map(what -> "container tests: " + what);

    static {
      MISSING.ifPresent(reason -> System.out.println("skipped: " + reason));
    }

    private static Optional<String> findMissing() {
      try {
        DockerClientFactory.instance().client();
      } catch (RuntimeException e) {
        return Optional.of(
            "no Docker engine is available (%s); start one, or set DOCKER_HOST"
                .formatted(e.getMessage()));
      }
      try {
        new RemoteDockerImage(DockerImageName.parse(Images.BASE)).get();
        return Optional.empty();
      } catch (RuntimeException e) {
        return Optional.of(
            "the base image %s is not available and cannot be pulled; choose another with -Dkatran.baseImage"
                .formatted(Images.BASE));
      }
    }
  }
}
