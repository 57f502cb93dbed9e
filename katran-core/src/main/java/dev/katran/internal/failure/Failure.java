package dev.katran.internal.failure;

import org.jspecify.annotations.Nullable;

/**
 * Thrown by internal packages when the platform refuses an operation or a limit is exceeded. The
 * public API converts it to the exception of its {@link Kind}, so that internal packages do not
 * need the constructors of public exceptions.
 */
public final class Failure extends RuntimeException {

  private static final long serialVersionUID = 1L;

  /** Why the operation failed. One constant per public exception. */
  public enum Kind {
    /** The kernel refused for a reason without its own constant. */
    REFUSED,
    /** The network interface does not exist. */
    UNKNOWN_INTERFACE,
    /** The network interface is down. */
    INTERFACE_DOWN,
    /** Another XDP program is attached. */
    XDP_HOOK_BUSY,
    /** The process lacks a capability or is not allowed to use it. */
    MISSING_CAPABILITY,
    /** The system is not Linux, or the kernel lacks a feature. */
    UNSUPPORTED_KERNEL,
    /** libbpf is missing, too old or not allowed to be called. */
    LIBBPF,
    /** A configured limit would be exceeded. */
    LIMIT,
    /** The process or the machine has run out of descriptors or memory. */
    EXHAUSTED
  }

  private final Kind kind;

  /**
   * Creates a failure without a cause.
   *
   * @param message one sentence that names the value and what to change
   */
  public Failure(Kind kind, String message) {
    this(kind, message, null);
  }

  /**
   * Creates a failure with a cause.
   *
   * @param message one sentence that names the value and what to change
   */
  public Failure(Kind kind, String message, @Nullable Throwable cause) {
    super(message, cause);
    this.kind = kind;
  }

  /** Returns why the operation failed. */
  public Kind kind() {
    return kind;
  }

  /** Returns a copy with another message, the same cause and the same suppressed exceptions. */
  public Failure withMessage(String message) {
    Failure changed = new Failure(kind, message, getCause());
    for (Throwable suppressed : getSuppressed()) {
      changed.addSuppressed(suppressed);
    }
    return changed;
  }
}
