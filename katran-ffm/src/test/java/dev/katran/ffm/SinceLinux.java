package dev.katran.ffm;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Marks a test of a feature that older kernels lack. On those the test is skipped and the reason is
 * printed, even if skips are forbidden, because nothing can be installed to provide the feature.
 */
@Documented
@ExtendWith(LinuxCondition.class)
@Retention(RetentionPolicy.RUNTIME)
@SuppressWarnings("exports") // tests are compiled as part of the module, and run outside of it
@Target(ElementType.METHOD)
public @interface SinceLinux {

  /** Returns the first version with the feature, such as {@code "5.18"}. */
  String version();

  /** Returns the name of the feature, for the message. */
  String feature();
}
