package dev.katran.examples.benchmark;

import dev.katran.ffm.net.NetworkNamespace;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Marks a test that measures on this machine's kernel and must run as root. Without root the test
 * is skipped, with a line that gives the reason, or fails with {@code KATRAN_FORBID_SKIPS=1}.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("kernel")
@ExtendWith(NeedsNamespaces.Condition.class)
@interface NeedsNamespaces {

  /** Whether skipping tests is forbidden. */
  boolean FORBIDS_SKIPS = "1".equals(System.getenv("KATRAN_FORBID_SKIPS"));

  /** Creates a network namespace, which needs the same privileges as the benchmarks. */
  final class Condition implements ExecutionCondition {

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      try {
        NetworkNamespace.create().close();
        return ConditionEvaluationResult.enabled("network namespaces are available");
      } catch (RuntimeException | LinkageError e) {
        if (FORBIDS_SKIPS) {
          throw new AssertionError("tests must not be skipped: benchmarks", e);
        }
        System.out.println("skipped: benchmarks: " + e.getMessage());
        return ConditionEvaluationResult.disabled("benchmarks: " + e.getMessage());
      }
    }
  }
}
