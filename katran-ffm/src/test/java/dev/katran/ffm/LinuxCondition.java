package dev.katran.ffm;

import static org.junit.jupiter.api.extension.ConditionEvaluationResult.disabled;
import static org.junit.jupiter.api.extension.ConditionEvaluationResult.enabled;

import java.lang.module.ModuleDescriptor.Version;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Enables a test if the kernel is as new as its {@link SinceLinux} requires. */
final class LinuxCondition implements ExecutionCondition {

  @Override
  public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
    SinceLinux since = context.getRequiredTestMethod().getAnnotation(SinceLinux.class);
    String release = System.getProperty("os.version");
    if (Version.parse(release).compareTo(Version.parse(since.version())) >= 0) {
      return enabled("this kernel is Linux " + release);
    }
    String reason =
        "%s needs Linux %s, this kernel is Linux %s"
            .formatted(since.feature(), since.version(), release);
    System.out.println("skipped: " + context.getDisplayName() + ": " + reason);
    return disabled(reason);
  }
}
