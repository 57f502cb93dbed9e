package dev.katran.examples.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Pins threads to cores. Test runs of a program run on the core of the calling thread. */
final class Cores {

  private static final Path THIS_THREAD = Path.of("/proc/thread-self");

  private Cores() {}

  /**
   * Runs a task in a new thread that is pinned to a core. Threads that the task starts stay there,
   * too.
   *
   * @throws IllegalArgumentException if the core does not exist or must not be used
   * @throws Exception from the task
   */
  static <T> T call(int core, Callable<T> task) throws Exception {
    FutureTask<T> pinned =
        new FutureTask<>(() -> {
          pinThisThread(core);
          return task.call();
        });
    Thread.ofPlatform().name("core-" + core).start(pinned);
    try {
      return pinned.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Exception exception) {
        throw exception;
      }
      throw (Error) e.getCause();
    }
  }

  /** Pins the calling thread to a core. */
  static void pinThisThread(int core) throws IOException, InterruptedException {
    pin(Long.parseLong(THIS_THREAD.toRealPath().getFileName().toString()), core);
  }

  /**
   * Pins a thread to a core, by its kernel thread id.
   *
   * @throws IllegalArgumentException if the core does not exist or must not be used
   */
  static void pin(long thread, int core) throws IOException, InterruptedException {
    Tool pinning = Tool.run("taskset", "-p", "-c", "" + core, "" + thread);
    if (!pinning.succeeded()) {
      throw new IllegalArgumentException(
          "cannot pin a thread to core %d: %s".formatted(core, pinning.output()));
    }
  }
}
