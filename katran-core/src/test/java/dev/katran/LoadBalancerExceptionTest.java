package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.failure.Failure;
import java.lang.reflect.Constructor;
import java.lang.reflect.Modifier;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LoadBalancerExceptionTest {

  private static Class<? extends LoadBalancerException> expected(Failure.Kind kind) {
    return switch (kind) {
      case REFUSED -> LoadBalancerException.class;
      case UNKNOWN_INTERFACE -> UnknownInterfaceException.class;
      case INTERFACE_DOWN -> InterfaceDownException.class;
      case XDP_HOOK_BUSY -> XdpHookBusyException.class;
      case MISSING_CAPABILITY -> MissingCapabilityException.class;
      case UNSUPPORTED_KERNEL -> UnsupportedKernelException.class;
      case LIBBPF -> LibbpfException.class;
      case LIMIT -> LimitExceededException.class;
      case EXHAUSTED -> OutOfResourcesException.class;
    };
  }

  @ParameterizedTest
  @EnumSource
  void of_failure_hasItsClassMessageCauseAndSuppressed(Failure.Kind kind) {
    Exception cause = new Exception("errno");
    Exception suppressed = new Exception("rollback");
    Failure failure = new Failure(kind, "the message", cause);
    failure.addSuppressed(suppressed);

    LoadBalancerException exception = LoadBalancerException.of(failure);

    assertThat(exception)
        .isExactlyInstanceOf(expected(kind))
        .hasMessage("the message")
        .hasCause(cause)
        .hasSuppressedException(suppressed);
    assertThat(exception.getCause()).isSameAs(cause);
    assertThat(exception.getSuppressed()).containsExactly(suppressed);
  }

  @ParameterizedTest
  @EnumSource
  void of_failureWithoutCause_hasNone(Failure.Kind kind) {
    LoadBalancerException exception = LoadBalancerException.of(new Failure(kind, "the message"));

    assertThat(exception).hasMessage("the message").hasNoCause();
    assertThat(exception.getSuppressed()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void constructors_anyException_areNotAccessible(Failure.Kind kind) {
    Class<? extends LoadBalancerException> type = expected(kind);

    assertThat(type).isPublic();
    assertThat(type.getDeclaredConstructors())
        .isNotEmpty()
        .extracting(Constructor::getModifiers)
        .noneMatch(modifiers -> Modifier.isPublic(modifiers) || Modifier.isProtected(modifiers));
    if (type != LoadBalancerException.class) {
      assertThat(type).isFinal();
    }
  }

  @ParameterizedTest
  @EnumSource
  void withMessage_keepsKindCauseAndSuppressed(Failure.Kind kind) {
    Exception cause = new Exception("errno");
    Exception suppressed = new Exception("rollback");
    Failure failure = new Failure(kind, "the message", cause);
    failure.addSuppressed(suppressed);

    Failure changed = failure.withMessage("another message");

    assertThat(changed).hasMessage("another message").hasCause(cause);
    assertThat(changed.kind()).isEqualTo(kind);
    assertThat(changed.getSuppressed()).containsExactly(suppressed);
  }
}
