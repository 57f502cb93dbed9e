package dev.katran.needs;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * A test that starts an {@link UnprivilegedJvm} which loads programs in a network namespace, and so
 * needs root and setpriv(1). It has a tag of its own, for where tests of a kernel are run with
 * little else, there is no such command.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Tag("privileges")
@ExtendWith({KernelCondition.class, NamespaceCondition.class, SetprivCondition.class})
public @interface NeedsSetpriv {}
