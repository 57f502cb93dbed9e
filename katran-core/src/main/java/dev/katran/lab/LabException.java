package dev.katran.lab;

import dev.katran.ffm.LibbpfUnavailableException;
import dev.katran.ffm.NativeException;
import java.io.UncheckedIOException;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Thrown when the system refuses to build or change a {@link Lab}. The message names the operation
 * and the reason, such as a missing capability or a missing libbpf.
 *
 * @since 0.1.0
 */
public final class LabException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  LabException(String message, @Nullable Throwable cause) {
    super(message, cause);
  }

  /**
   * Runs an action and turns what the system refuses into a {@link LabException}.
   *
   * @param operation the start of the message, such as {@code "cannot create a lab"}
   */
  static <T> T explain(String operation, Supplier<T> action) {
    try {
      return action.get();
    } catch (NativeException | LibbpfUnavailableException | UncheckedIOException e) {
      throw new LabException(operation + ": " + e.getMessage(), e);
    }
  }
}
