package dev.katran.ffm;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test of something that older kernels do not have, which the module's users must do without
 * there. On those it is skipped, with a line on standard output; also where skips are forbidden, as
 * nothing is missing that could be installed.
 */
@Documented
@ExtendWith(LinuxCondition.class)
@Retention(RetentionPolicy.RUNTIME)
@SuppressWarnings("exports") // tests are compiled as part of the module, and run outside of it
@Target(ElementType.METHOD)
public @interface SinceLinux {

  /** The first version that has it, such as {@code "5.18"}. */
  String version();

  /** What it is. */
  String feature();
}
