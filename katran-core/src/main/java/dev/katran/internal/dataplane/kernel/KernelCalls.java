package dev.katran.internal.dataplane.kernel;

import dev.katran.ffm.NativeException;
import dev.katran.internal.failure.Failure;
import dev.katran.internal.platform.Refusal;
import java.util.function.Supplier;

/** Converts errors of libbpf and the kernel to the {@link Failure} that the port specifies. */
final class KernelCalls {

  private KernelCalls() {}

  /** Runs an operation. */
  static void run(Runnable operation) {
    get(() -> {
      operation.run();
      return true;
    });
  }

  /** Runs an operation and returns its result. */
  static <T> T get(Supplier<T> operation) {
    try {
      return operation.get();
    } catch (NativeException e) {
      throw Refusal.of(e);
    }
  }
}
