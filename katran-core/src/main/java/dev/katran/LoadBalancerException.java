package dev.katran;

import dev.katran.internal.failure.Failure;

/**
 * Thrown when the platform refuses what a balancer was asked to do. The root of this package's
 * exceptions:
 *
 * <ul>
 *   <li>{@link UnsupportedKernelException}: not Linux, or the kernel lacks a feature
 *   <li>{@link MissingCapabilityException}: the process lacks a capability
 *   <li>{@link LibbpfException}: libbpf is missing or may not be called
 *   <li>{@link UnknownInterfaceException}, {@link InterfaceDownException}: the interface is not
 *       usable
 *   <li>{@link XdpHookBusyException}: another XDP program is attached
 *   <li>{@link LimitExceededException}: a limit would be exceeded
 *   <li>{@link OutOfResourcesException}: too few file descriptors, or too little memory
 *   <li>this class itself: the kernel refused for another reason, which the message and the cause
 *       name
 * </ul>
 *
 * <p>Illegal arguments are refused with an {@link IllegalArgumentException}, and calls on a closed
 * balancer with an {@link IllegalStateException}. More subclasses may be added.
 *
 * @since 0.1.0
 */
public class LoadBalancerException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  LoadBalancerException(Failure failure) {
    super(failure.getMessage(), failure.getCause());
    for (Throwable suppressed : failure.getSuppressed()) {
      addSuppressed(suppressed);
    }
  }

  /** Returns the exception that a failure stands for. */
  static LoadBalancerException of(Failure failure) {
    return switch (failure.kind()) {
      case REFUSED -> new LoadBalancerException(failure);
      case UNKNOWN_INTERFACE -> new UnknownInterfaceException(failure);
      case INTERFACE_DOWN -> new InterfaceDownException(failure);
      case XDP_HOOK_BUSY -> new XdpHookBusyException(failure);
      case MISSING_CAPABILITY -> new MissingCapabilityException(failure);
      case UNSUPPORTED_KERNEL -> new UnsupportedKernelException(failure);
      case LIBBPF -> new LibbpfException(failure);
      case LIMIT -> new LimitExceededException(failure);
      case EXHAUSTED -> new OutOfResourcesException(failure);
    };
  }
}
