package dev.katran.examples.benchmark;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Which core a thread runs on: a program's test runs are on the core of the thread that asks. */
final class Cores {

  private static final Path THIS_THREAD = Path.of("/proc/thread-self");

  private Cores() {}

  /**
   * Runs a task in a thread of its own, which stays on one core. What the task starts would stay
   * there, too.
   *
   * @throws IllegalArgumentException if there is no such core, or it may not be used
   * @throws Exception what the task throws
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

  /** Keeps the calling thread on one core from now on. */
  static void pinThisThread(int core) throws IOException, InterruptedException {
    pin(Long.parseLong(THIS_THREAD.toRealPath().getFileName().toString()), core);
  }

  /**
   * Keeps a thread on one core, by its number in the kernel.
   *
   * @throws IllegalArgumentException if there is no such core, or it may not be used
   */
  static void pin(long thread, int core) throws IOException, InterruptedException {
    Tool pinning = Tool.run("taskset", "-p", "-c", "" + core, "" + thread);
    if (!pinning.succeeded()) {
      throw new IllegalArgumentException("core " + core + ": " + pinning.output());
    }
  }
}
