package dev.katran.needs;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import com.google.common.collect.ImmutableSortedMap;
import dev.katran.LoadBalancer;
import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfMap;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** The file descriptors of this process. */
public final class OpenFiles {

  private static final int RLIMIT_NOFILE = 7;
  private static final Path DESCRIPTORS = Path.of("/proc/self/fd");

  private static final MethodHandle GETRLIMIT = function("getrlimit");
  private static final MethodHandle SETRLIMIT = function("setrlimit");

  private OpenFiles() {}

  /**
   * Counts those of the kinds that this project opens: maps, programs, links, network namespaces
   * and sockets.
   */
  public static Map<String, Integer> count() {
    Map<String, Integer> counts = new TreeMap<>();
    try (Stream<Path> descriptors = Files.list(DESCRIPTORS)) {
      for (Path descriptor : List.copyOf(descriptors.toList())) {
        String kind = kind(descriptor);
        if (!kind.isEmpty()) {
          counts.merge(kind, 1, Integer::sum);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return ImmutableSortedMap.copyOf(counts);
  }

  private static String kind(Path descriptor) throws IOException {
    try {
      String target = Files.readSymbolicLink(descriptor).toString();
      return Stream.of("anon_inode:bpf", "anon_inode:[bpf", "net:", "socket:")
          .filter(target::startsWith)
          .findFirst()
          .map(prefix -> prefix.startsWith("anon") ? target : prefix)
          .orElse("");
    } catch (NoSuchFileException e) {
      return ""; // the descriptor by which the list was read
    }
  }

  /** Loads all classes of this project, which takes descriptors if they are not in jars. */
  public static void loadClasses() {
    for (Class<?> each : List.of(LoadBalancer.class, BpfMap.class, BpfPrograms.class)) {
      Path root =
          Path.of(URI.create(each.getProtectionDomain().getCodeSource().getLocation().toString()));
      if (Files.isDirectory(root)) {
        try (Stream<Path> files = Files.walk(root)) {
          files
              .map(file -> root.relativize(file).toString())
              .filter(name -> name.endsWith(".class") && !name.endsWith("-info.class"))
              .forEach(OpenFiles::load);
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
  }

  private static void load(String file) {
    String name = file.substring(0, file.length() - ".class".length()).replace('/', '.');
    try {
      Class.forName(name, /* initialize= */ false, OpenFiles.class.getClassLoader());
    } catch (ReflectiveOperationException | LinkageError e) {
      // of an optional integration
    }
  }

  /** Runs a task with a limited number of free descriptors. See also {@link #loadClasses}. */
  public static <T> T withLeft(int left, Supplier<T> task) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment limit = arena.allocate(JAVA_LONG, 2);
      call(GETRLIMIT, limit);
      long before = limit.get(JAVA_LONG, 0);
      limit.set(JAVA_LONG, 0, limitThatLeaves(left));
      call(SETRLIMIT, limit);
      try {
        return task.get();
      } finally {
        limit.set(JAVA_LONG, 0, before);
        call(SETRLIMIT, limit);
      }
    }
  }

  /** A new descriptor gets the lowest free number, which must be below the limit. */
  private static long limitThatLeaves(int left) {
    int free = 0;
    for (int number = 0; ; number++) {
      Path descriptor = DESCRIPTORS.resolve(Integer.toString(number));
      if (!Files.exists(descriptor, LinkOption.NOFOLLOW_LINKS) && free++ == left) {
        return number;
      }
    }
  }

  private static void call(MethodHandle handle, MemorySegment limit) {
    try {
      if ((int) handle.invokeExact(RLIMIT_NOFILE, limit) != 0) {
        throw new IllegalStateException("cannot read or change the limit of open files");
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError("getrlimit and setrlimit do not throw", t);
    }
  }

  @SuppressWarnings("restricted")
  private static MethodHandle function(String name) {
    Linker linker = Linker.nativeLinker();
    return linker.downcallHandle(
        linker.defaultLookup().find(name).orElseThrow(),
        FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS));
  }
}
