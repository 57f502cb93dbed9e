package dev.katran.internal.dataplane.kernel;

import dev.katran.bpf.BpfPrograms;
import dev.katran.bpf.generated.Katran;
import dev.katran.ffm.LibbpfLibrary;
import dev.katran.ffm.NativeAccessDeniedException;
import dev.katran.internal.failure.Failure;

/**
 * Checks native access of the module with the generated layouts. The JVM grants native access per
 * module.
 */
public final class NativeAccess {

  private NativeAccess() {}

  /**
   * Checks that the generated layouts have native access.
   *
   * @throws Failure if the JVM denies it. The message contains the flag to pass
   */
  static void check() {
    try {
      var _ = Katran.KATRAN_TX();
    } catch (LinkageError e) {
      throw new Failure(
          Failure.Kind.LIBBPF,
          "the JVM denies native access; start it with --enable-native-access=%s,%s"
              .formatted(
                  LibbpfLibrary.class.getModule().getName(),
                  BpfPrograms.class.getModule().getName()),
          e);
    }
  }

  /**
   * Returns the message of a libbpf error, with the names of all modules that need native access.
   */
  public static String explain(RuntimeException libbpfUnavailable) {
    String message = String.valueOf(libbpfUnavailable.getMessage());
    return libbpfUnavailable instanceof NativeAccessDeniedException
            && NativeAccess.class.getModule().isNamed()
        ? message + "," + BpfPrograms.class.getModule().getName()
        : message;
  }
}
