package dev.katran.ffm;

/**
 * Thrown when the JVM denies native access to this module. The message contains the flag to pass.
 *
 * @since 0.1.0
 */
public final class NativeAccessDeniedException extends LibbpfUnavailableException {

  private static final long serialVersionUID = 1L;

  NativeAccessDeniedException(Module module, Throwable cause) {
    super("the JVM denies native access; start it with " + flag(module), cause);
  }

  /** Returns the JVM flag that permits native access to a module. */
  static String flag(Module module) {
    return "--enable-native-access=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
  }
}
