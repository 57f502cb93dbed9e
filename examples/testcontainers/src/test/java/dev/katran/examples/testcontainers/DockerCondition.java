package dev.katran.examples.testcontainers;

import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.images.RemoteDockerImage;
import org.testcontainers.utility.DockerImageName;

/**
 * Skips tests, with a line that says why, where there is no Docker engine or no base image; fails
 * them where {@code KATRAN_FORBID_SKIPS=1} says that nothing may be skipped.
 */
final class DockerCondition implements ExecutionCondition {

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    Optional<String> missing = Probe.MISSING;
    if (missing.isEmpty()) {
      return ConditionEvaluationResult.enabled("there is a Docker engine, and the base image");
    }
    if ("1".equals(System.getenv("KATRAN_FORBID_SKIPS"))) {
      throw new AssertionError("must not be skipped: " + missing.get());
    }
    return ConditionEvaluationResult.disabled(missing.get());
  }

  /** Asked, and told, once for all tests. */
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
            "no Docker engine can be used (%s); start one, or set DOCKER_HOST to where there is one"
                .formatted(e.getMessage()));
      }
      try {
        new RemoteDockerImage(DockerImageName.parse(Images.BASE)).get();
        return Optional.empty();
      } catch (RuntimeException e) {
        return Optional.of(
            "the base image %s is neither here nor can it be pulled; -Dkatran.baseImage names another one"
                .formatted(Images.BASE));
      }
    }
  }
}
