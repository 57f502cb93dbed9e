package dev.katran.ffm;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.katran.ffm.internal.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;

/** Runs code in a thread with its own namespaces or without capabilities. */
final class Isolated {

  /** The index of the loopback interface in a new network namespace. */
  static final int LOOPBACK = 1;

  // From linux/sched.h, linux/mount.h and linux/capability.h.
  private static final int CLONE_NEWNS = 0x00020000;
  private static final int CLONE_NEWNET = 0x40000000;
  private static final long MS_REC_PRIVATE = 0x4000 | 0x40000;
  private static final int CAPABILITY_VERSION_3 = 0x20080522;

  private Isolated() {}

  interface Task {
    void run() throws Exception;
  }

  static void inNetworkNamespace(Task task) throws Exception {
    inThread(() -> {
      call("unshare", CLONE_NEWNET);
      task.run();
    });
  }

  /** Runs a task with a BPF file system at {@code directory} that only its thread sees. */
  static void withBpfFileSystem(Path directory, Task task) throws Exception {
    inThread(() -> {
      call("unshare", CLONE_NEWNS | CLONE_NEWNET);
      mount("none", "/", "none", MS_REC_PRIVATE);
      mount("bpf", directory.toString(), "bpf", 0);
      task.run();
    });
  }

  static void withoutCapabilities(Task task) throws Exception {
    inThread(() -> {
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment header = arena.allocateFrom(JAVA_INT, CAPABILITY_VERSION_3, 0);
        call("capset", header, arena.allocate(6L * Integer.BYTES, Integer.BYTES));
      }
      task.run();
    });
  }

  private static void inThread(Task task) throws Exception {
    FutureTask<Void> future =
        new FutureTask<>(() -> {
          task.run();
          return null;
        });
    Thread.ofPlatform().name("isolated").start(future);
    try {
      future.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (Exception) e.getCause();
    }
  }

  private static void mount(String source, String target, String type, long flags) {
    try (Arena arena = Arena.ofConfined()) {
      call(
          "mount",
          arena.allocateFrom(source),
          arena.allocateFrom(target),
          arena.allocateFrom(type),
          flags,
          MemorySegment.NULL);
    }
  }

  private static void call(String function, Object... arguments) {
    ValueLayout[] layouts = new ValueLayout[arguments.length];
    Object[] all = new Object[arguments.length + 1];
    all[0] = Native.state();
    for (int i = 0; i < arguments.length; i++) {
      layouts[i] =
          switch (arguments[i]) {
            case Integer ignored -> JAVA_INT;
            case Long ignored -> JAVA_LONG;
            default -> ADDRESS;
          };
      all[i + 1] = arguments[i];
    }
    MethodHandle handle =
        Native.function(
            Linker.nativeLinker().defaultLookup().find(function).orElseThrow(),
            FunctionDescriptor.of(JAVA_INT, layouts));
    int rc;
    try {
      rc = (int) handle.invokeWithArguments(all);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
    if (rc < 0) {
      throw new NativeException(function, Native.errno());
    }
  }
}
