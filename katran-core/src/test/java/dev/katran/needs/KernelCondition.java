package dev.katran.needs;

import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerException;
import dev.katran.MissingCapabilityException;
import dev.katran.UnsupportedKernelException;
import dev.katran.ffm.LibbpfUnavailableException;
import java.util.Optional;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Disables tests if the machine lacks what loading a BPF program requires. A load that fails for
 * any other reason does not disable them, so that the tests fail.
 */
final class KernelCondition implements ExecutionCondition {

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    Optional<String> missing = Probe.MISSING;
    if (missing.isEmpty()) {
      return ConditionEvaluationResult.enabled("BPF programs can be loaded");
    }
    Skips.announce("kernel tests: " + missing.get());
    return ConditionEvaluationResult.disabled(missing.get());
  }

  /** Holds the result of the only probe. */
  private static final class Probe {
    static final Optional<String> MISSING = findMissing();

    private static Optional<String> findMissing() {
      try {
        LoadBalancer.detached().open().close();
        return Optional.empty();
      } catch (MissingCapabilityException | UnsupportedKernelException e) {
        return Optional.of(e.getMessage());
      } catch (LoadBalancerException e) {
        return e.getCause() instanceof LibbpfUnavailableException
            ? Optional.of(e.getMessage())
            : Optional.empty();
      }
    }
  }
}
