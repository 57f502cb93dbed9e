package dev.katran.needs;

import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Disables tests where no process can be started with fewer privileges. */
final class SetprivCondition implements ExecutionCondition {

  private static final String MISSING = "root and setpriv (Debian/Ubuntu: util-linux) are needed";

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    if (UnprivilegedJvm.isPossible()) {
      return ConditionEvaluationResult.enabled("processes can have fewer privileges");
    }
    Skips.announce("tests of privileges: " + MISSING);
    return ConditionEvaluationResult.disabled(MISSING);
  }
}
