package dev.katran.ffm;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Marks a test that loads BPF programs into the running kernel. If a requirement is missing, the
 * test is skipped and the requirement is printed. If skips are forbidden, by {@code
 * KATRAN_FORBID_SKIPS=1} in the environment or {@code -Dkatran.forbidSkips=true}, it fails instead.
 */
@Documented
@Tag("kernel")
@ExtendWith(KernelCondition.class)
@Retention(RetentionPolicy.RUNTIME)
@SuppressWarnings("exports") // tests are compiled as part of the module, and run outside of it
@Target({ElementType.TYPE, ElementType.METHOD})
public @interface KernelTest {}
