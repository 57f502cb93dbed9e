package dev.katran;

import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.LibbpfUnavailableException;
import dev.katran.ffm.NativeAccessDeniedException;

/**
 * libbpf cannot be used: it is missing, or older than 1.0, or that on the class path is broken, or
 * the JVM denies native access. The message says what to install, or which flag to give.
 */
public final class LibbpfException extends LoadBalancerException {

  private static final long serialVersionUID = 1L;

  LibbpfException(LibbpfUnavailableException cause) {
    super(message(cause), cause);
  }

  /** A JVM that asks for leave by module must give it to the one with the ABI as well. */
  private static String message(LibbpfUnavailableException cause) {
    return cause instanceof NativeAccessDeniedException
            && LibbpfException.class.getModule().isNamed()
        ? cause.getMessage() + "," + BpfPrograms.class.getModule().getName()
        : cause.getMessage();
  }
}
