package dev.katran.ffm;

/** The JVM was told not to let this module call C. */
public final class NativeAccessDeniedException extends LibbpfUnavailableException {

  private static final long serialVersionUID = 1L;

  NativeAccessDeniedException(Module module, Throwable cause) {
    super("the JVM denies native access; start it with " + flag(module), cause);
  }

  /** The flag that lets a module call C, as the JVM spells it. */
  static String flag(Module module) {
    return "--enable-native-access=" + (module.isNamed() ? module.getName() : "ALL-UNNAMED");
  }
}
