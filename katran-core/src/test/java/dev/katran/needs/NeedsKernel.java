package dev.katran.needs;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.ExtendWith;

/**
 * Marks a test that loads BPF programs. It needs Linux, libbpf, and root or CAP_BPF, CAP_PERFMON
 * and CAP_NET_ADMIN.
 */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@Tag("kernel")
@ExtendWith(KernelCondition.class)
public @interface NeedsKernel {}
