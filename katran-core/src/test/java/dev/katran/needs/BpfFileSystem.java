package dev.katran.needs;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** A BPF file system that only a test sees. It needs CAP_SYS_ADMIN, see {@link NeedsNamespaces}. */
public final class BpfFileSystem {

  // From linux/sched.h.
  private static final int CLONE_NEWNS = 0x00020000;
  private static final int CLONE_NEWNET = 0x40000000;

  private BpfFileSystem() {}

  /** What runs with the file system. */
  @FunctionalInterface
  public interface Task {
    /** Runs it. */
    void run() throws Exception;
  }

  /**
   * Runs a task in a thread with its own mount and network namespace and an empty BPF file system
   * at {@code directory}. Threads and processes that the task starts are in the same namespaces.
   */
  public static void at(Path directory, Task task) throws Exception {
    FutureTask<Void> future =
        new FutureTask<>(() -> {
          unshare();
          command("mount", "--make-rprivate", "/");
          command("mount", "-t", "bpf", "bpf", directory.toString());
          task.run();
          return null;
        });
    Thread.ofPlatform().name("bpffs").start(future);
    try {
      future.get();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case Error error -> throw error;
        case Exception exception -> throw exception;
        case null, default -> throw e;
      }
    }
  }

  /** Runs a command in the calling thread's namespaces, which must succeed. */
  public static void command(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).inheritIO().start();
    if (process.waitFor() != 0) {
      throw new IllegalStateException(String.join(" ", command) + " failed");
    }
  }

  @SuppressWarnings("restricted")
  private static void unshare() {
    Linker linker = Linker.nativeLinker();
    MethodHandle unshare =
        linker.downcallHandle(
            linker.defaultLookup().find("unshare").orElseThrow(),
            FunctionDescriptor.of(JAVA_INT, JAVA_INT));
    try {
      if ((int) unshare.invokeExact(CLONE_NEWNS | CLONE_NEWNET) != 0) {
        throw new IllegalStateException("cannot create a mount namespace");
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError("unshare does not throw", t);
    }
  }
}
