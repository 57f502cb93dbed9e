package dev.katran.needs;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Marks a test that starts an {@link UnprivilegedJvm} to load BPF programs in a network namespace.
 * It needs root and setpriv(1). It is not tagged "kernel" because the minimal virtual machines that
 * run those tests have no setpriv.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("privileges")
@ExtendWith({KernelCondition.class, NamespaceCondition.class, SetprivCondition.class})
public @interface NeedsSetpriv {}
