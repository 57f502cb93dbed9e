package dev.katran.needs;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Disables tests if no process with fewer privileges can be started. */
final class SetprivCondition implements ExecutionCondition {

  private static final String MISSING = "requires root and setpriv (Debian/Ubuntu: util-linux)";

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    if (UnprivilegedJvm.isPossible()) {
      return ConditionEvaluationResult.enabled("processes with fewer privileges can be started");
    }
    Skips.announce("privilege tests: " + MISSING);
    return ConditionEvaluationResult.disabled(MISSING);
  }
}
