package dev.katran.traffic;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Detaches BPF links behind the back of their owner, as {@code bpftool link detach} does. */
final class LinkDetachment {

  private static final int BPF_LINK_DETACH = 34;

  private LinkDetachment() {}

  /** Detaches the XDP link of a program of this process. */
  static void detach(int program) throws IOException {
    try (var descriptors = Files.list(Path.of("/proc/self/fdinfo"))) {
      for (Path descriptor : descriptors.toList()) {
        List<String> info = Files.exists(descriptor) ? Files.readAllLines(descriptor) : List.of();
        if (info.contains("link_type:\txdp") && info.contains("prog_id:\t" + program)) {
          detachDescriptor(Integer.parseInt(descriptor.getFileName().toString()));
          return;
        }
      }
    }
    throw new AssertionError("no XDP link of program " + program);
  }

  @SuppressWarnings("restricted")
  private static void detachDescriptor(int link) {
    long bpf = System.getProperty("os.arch").equals("amd64") ? 321 : 280;
    Linker linker = Linker.nativeLinker();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment attributes = arena.allocateFrom(JAVA_INT, link);
      long result =
          (long)
              linker
                  .downcallHandle(
                      linker.defaultLookup().find("syscall").orElseThrow(),
                      FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_LONG),
                      Linker.Option.firstVariadicArg(1))
                  .invokeExact(bpf, (long) BPF_LINK_DETACH, attributes, attributes.byteSize());
      if (result != 0) {
        throw new AssertionError("cannot detach the link");
      }
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
