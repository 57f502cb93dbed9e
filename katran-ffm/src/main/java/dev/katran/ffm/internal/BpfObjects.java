package dev.katran.ffm.internal;

import dev.katran.ffm.generated.libbpf.Libbpf;
import dev.katran.ffm.generated.libbpf.bpf_object_open_opts;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;

/**
 * Calls libbpf's functions on object files: {@code bpf_object__*}, {@code bpf_map__*} and {@code
 * bpf_program__*}. Numbers are returned as in C: 0 or more, or the negative errno. If a pointer is
 * NULL because of an error, {@link Native#errno()} returns the reason.
 *
 * @since 0.1.0
 */
public final class BpfObjects {

  private static final MethodHandle BPF_OBJECT_OPEN_MEM =
      Native.function(
          Libbpf.bpf_object__open_mem$address(), Libbpf.bpf_object__open_mem$descriptor());

  private BpfObjects() {}

  /** Parses an object file; libbpf keeps no reference to {@code elf}. */
  public static MemorySegment open(MemorySegment elf, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment opts = arena.allocate(bpf_object_open_opts.layout());
      bpf_object_open_opts.sz(opts, opts.byteSize());
      bpf_object_open_opts.object_name(opts, arena.allocateFrom(name));
      return (MemorySegment)
          BPF_OBJECT_OPEN_MEM.invokeExact(Native.state(), elf, elf.byteSize(), opts);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Creates the maps, verifies and loads the programs. */
  public static int load(MemorySegment object) {
    try {
      return (int) Libbpf.bpf_object__load$handle().invokeExact(object);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Frees the object and closes its file descriptors. */
  public static void close(MemorySegment object) {
    try {
      Libbpf.bpf_object__close$handle().invokeExact(object);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the map with this name, or NULL. */
  public static MemorySegment findMap(MemorySegment object, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cName = arena.allocateFrom(name);
      return (MemorySegment)
          Libbpf.bpf_object__find_map_by_name$handle().invokeExact(object, cName);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the map that follows {@code map}, or the first one for NULL; NULL at the end. */
  public static MemorySegment nextMap(MemorySegment object, MemorySegment map) {
    try {
      return (MemorySegment) Libbpf.bpf_object__next_map$handle().invokeExact(object, map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /**
   * Returns the program that follows {@code program}, or the first one for NULL; NULL at the end.
   */
  public static MemorySegment nextProgram(MemorySegment object, MemorySegment program) {
    try {
      return (MemorySegment) Libbpf.bpf_object__next_program$handle().invokeExact(object, program);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns a map's file descriptor, valid after the load. */
  public static int mapFd(MemorySegment map) {
    try {
      return (int) Libbpf.bpf_map__fd$handle().invokeExact(map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns a map's name as in the source; for data sections, the section's name. */
  public static String mapName(MemorySegment map) {
    try {
      return string((MemorySegment) Libbpf.bpf_map__name$handle().invokeExact(map));
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns a map's type, such as BPF_MAP_TYPE_HASH. */
  public static int mapType(MemorySegment map) {
    try {
      return (int) Libbpf.bpf_map__type$handle().invokeExact(map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the size of a key in bytes. */
  public static int keySize(MemorySegment map) {
    try {
      return (int) Libbpf.bpf_map__key_size$handle().invokeExact(map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the size of a value in bytes. */
  public static int valueSize(MemorySegment map) {
    try {
      return (int) Libbpf.bpf_map__value_size$handle().invokeExact(map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the map's capacity in entries. */
  public static int maxEntries(MemorySegment map) {
    try {
      return (int) Libbpf.bpf_map__max_entries$handle().invokeExact(map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the map's flags. */
  public static int mapFlags(MemorySegment map) {
    try {
      return (int) Libbpf.bpf_map__map_flags$handle().invokeExact(map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Sets the map's capacity in entries. */
  public static int setMaxEntries(MemorySegment map, int n) {
    try {
      return (int) Libbpf.bpf_map__set_max_entries$handle().invokeExact(map, n);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Sets the flags that the map is created with. */
  public static int setMapFlags(MemorySegment map, int flags) {
    try {
      return (int) Libbpf.bpf_map__set_map_flags$handle().invokeExact(map, flags);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Selects whether the load creates the map. */
  public static int setAutocreate(MemorySegment map, boolean on) {
    try {
      return (int) Libbpf.bpf_map__set_autocreate$handle().invokeExact(map, on);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the initial contents of a data section; NULL for any other map. */
  public static MemorySegment initialValue(MemorySegment map, Arena lifetime) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment value =
          (MemorySegment) Libbpf.bpf_map__initial_value$handle().invokeExact(map, size);
      return isNull(value)
          ? MemorySegment.NULL
          : value.reinterpret(size.get(ValueLayout.JAVA_LONG, 0), lifetime, null);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the inner-map template of a map of maps; NULL for any other map. */
  public static MemorySegment innerMap(MemorySegment map) {
    try {
      return (MemorySegment) Libbpf.bpf_map__inner_map$handle().invokeExact(map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Replaces the inner-map template by another map, which must stay open until the load. */
  public static int setInnerMap(MemorySegment map, int fd) {
    try {
      return (int) Libbpf.bpf_map__set_inner_map_fd$handle().invokeExact(map, fd);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Makes the object use an existing map; libbpf duplicates the file descriptor. */
  public static int reuse(MemorySegment map, int fd) {
    try {
      return (int) Libbpf.bpf_map__reuse_fd$handle().invokeExact(map, fd);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns a program's file descriptor, valid after the load. */
  public static int programFd(MemorySegment program) {
    try {
      return (int) Libbpf.bpf_program__fd$handle().invokeExact(program);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns a program's name, which is the name of its C function. */
  public static String programName(MemorySegment program) {
    try {
      return string((MemorySegment) Libbpf.bpf_program__name$handle().invokeExact(program));
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Selects whether the program is loaded with its object. */
  public static int setAutoload(MemorySegment program, boolean on) {
    try {
      return (int) Libbpf.bpf_program__set_autoload$handle().invokeExact(program, on);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Sets the hook that the program is loaded for, such as BPF_XDP. */
  public static int setExpectedAttachType(MemorySegment program, int type) {
    try {
      return (int) Libbpf.bpf_program__set_expected_attach_type$handle().invokeExact(program, type);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Makes the program one that replaces a function of a loaded program. */
  public static int setReplacementOf(MemorySegment program, int target, String function) {
    try (Arena arena = Arena.ofConfined()) {
      int rc =
          (int)
              Libbpf.bpf_program__set_type$handle()
                  .invokeExact(program, Libbpf.BPF_PROG_TYPE_EXT());
      if (rc < 0) {
        return rc;
      }
      rc = setExpectedAttachType(program, 0);
      MemorySegment name = arena.allocateFrom(function);
      return rc < 0
          ? rc
          : (int) Libbpf.bpf_program__set_attach_target$handle().invokeExact(program, target, name);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the id of a function in the object's types. */
  public static int functionId(MemorySegment object, String function) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment types = (MemorySegment) Libbpf.bpf_object__btf$handle().invokeExact(object);
      MemorySegment name = arena.allocateFrom(function);
      return (int)
          Libbpf.btf__find_by_name_kind$handle().invokeExact(types, name, Libbpf.BTF_KIND_FUNC());
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Sets the buffer of the verifier's log, which must outlive the load, and the log level. */
  public static int setLog(MemorySegment program, MemorySegment log, int level) {
    try {
      int rc =
          (int) Libbpf.bpf_program__set_log_buf$handle().invokeExact(program, log, log.byteSize());
      return rc < 0
          ? rc
          : (int) Libbpf.bpf_program__set_log_level$handle().invokeExact(program, level);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns whether a pointer is NULL. */
  public static boolean isNull(MemorySegment pointer) {
    return pointer.address() == 0;
  }

  private static String string(MemorySegment pointer) {
    return isNull(pointer) ? "" : pointer.getString(0);
  }
}
