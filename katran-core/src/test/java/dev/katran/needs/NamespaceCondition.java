package dev.katran.needs;

import dev.katran.ffm.net.NetworkNamespace;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Disables tests if network namespaces cannot be created. */
final class NamespaceCondition implements ExecutionCondition {

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    Optional<String> missing = Probe.MISSING;
    if (missing.isEmpty()) {
      return ConditionEvaluationResult.enabled("network namespaces can be created");
    }
    Skips.announce("network namespace tests: " + missing.get());
    return ConditionEvaluationResult.disabled(missing.get());
  }

  /** Holds the result of the only probe. */
  private static final class Probe {
    static final Optional<String> MISSING = findMissing();

    private static Optional<String> findMissing() {
      try {
        NetworkNamespace.create().close();
        return Optional.empty();
      } catch (RuntimeException | LinkageError e) {
        return Optional.of(String.valueOf(e.getMessage()));
      }
    }
  }
}
