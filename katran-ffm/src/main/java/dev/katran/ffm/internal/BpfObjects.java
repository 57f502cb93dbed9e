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
  private static final MethodHandle BPF_OBJECT_LOAD =
      Native.function(Libbpf.bpf_object__load$address(), Libbpf.bpf_object__load$descriptor());
  private static final MethodHandle BPF_OBJECT_CLOSE =
      Native.function(Libbpf.bpf_object__close$address(), Libbpf.bpf_object__close$descriptor());
  private static final MethodHandle BPF_OBJECT_FIND_MAP_BY_NAME =
      Native.function(
          Libbpf.bpf_object__find_map_by_name$address(),
          Libbpf.bpf_object__find_map_by_name$descriptor());
  private static final MethodHandle BPF_OBJECT_NEXT_MAP =
      Native.function(
          Libbpf.bpf_object__next_map$address(), Libbpf.bpf_object__next_map$descriptor());
  private static final MethodHandle BPF_OBJECT_NEXT_PROGRAM =
      Native.function(
          Libbpf.bpf_object__next_program$address(), Libbpf.bpf_object__next_program$descriptor());
  private static final MethodHandle BPF_MAP_FD =
      Native.function(Libbpf.bpf_map__fd$address(), Libbpf.bpf_map__fd$descriptor());
  private static final MethodHandle BPF_MAP_NAME =
      Native.function(Libbpf.bpf_map__name$address(), Libbpf.bpf_map__name$descriptor());
  private static final MethodHandle BPF_MAP_TYPE =
      Native.function(Libbpf.bpf_map__type$address(), Libbpf.bpf_map__type$descriptor());
  private static final MethodHandle BPF_MAP_KEY_SIZE =
      Native.function(Libbpf.bpf_map__key_size$address(), Libbpf.bpf_map__key_size$descriptor());
  private static final MethodHandle BPF_MAP_VALUE_SIZE =
      Native.function(
          Libbpf.bpf_map__value_size$address(), Libbpf.bpf_map__value_size$descriptor());
  private static final MethodHandle BPF_MAP_MAX_ENTRIES =
      Native.function(
          Libbpf.bpf_map__max_entries$address(), Libbpf.bpf_map__max_entries$descriptor());
  private static final MethodHandle BPF_MAP_MAP_FLAGS =
      Native.function(Libbpf.bpf_map__map_flags$address(), Libbpf.bpf_map__map_flags$descriptor());
  private static final MethodHandle BPF_MAP_SET_MAX_ENTRIES =
      Native.function(
          Libbpf.bpf_map__set_max_entries$address(), Libbpf.bpf_map__set_max_entries$descriptor());
  private static final MethodHandle BPF_MAP_SET_MAP_FLAGS =
      Native.function(
          Libbpf.bpf_map__set_map_flags$address(), Libbpf.bpf_map__set_map_flags$descriptor());
  private static final MethodHandle BPF_MAP_SET_AUTOCREATE =
      Native.function(
          Libbpf.bpf_map__set_autocreate$address(), Libbpf.bpf_map__set_autocreate$descriptor());
  private static final MethodHandle BPF_MAP_INITIAL_VALUE =
      Native.function(
          Libbpf.bpf_map__initial_value$address(), Libbpf.bpf_map__initial_value$descriptor());
  private static final MethodHandle BPF_MAP_INNER_MAP =
      Native.function(Libbpf.bpf_map__inner_map$address(), Libbpf.bpf_map__inner_map$descriptor());
  private static final MethodHandle BPF_MAP_SET_INNER_MAP_FD =
      Native.function(
          Libbpf.bpf_map__set_inner_map_fd$address(),
          Libbpf.bpf_map__set_inner_map_fd$descriptor());
  private static final MethodHandle BPF_MAP_REUSE_FD =
      Native.function(Libbpf.bpf_map__reuse_fd$address(), Libbpf.bpf_map__reuse_fd$descriptor());
  private static final MethodHandle BPF_PROGRAM_FD =
      Native.function(Libbpf.bpf_program__fd$address(), Libbpf.bpf_program__fd$descriptor());
  private static final MethodHandle BPF_PROGRAM_NAME =
      Native.function(Libbpf.bpf_program__name$address(), Libbpf.bpf_program__name$descriptor());
  private static final MethodHandle BPF_PROGRAM_SET_AUTOLOAD =
      Native.function(
          Libbpf.bpf_program__set_autoload$address(),
          Libbpf.bpf_program__set_autoload$descriptor());
  private static final MethodHandle BPF_PROGRAM_SET_LOG_BUF =
      Native.function(
          Libbpf.bpf_program__set_log_buf$address(), Libbpf.bpf_program__set_log_buf$descriptor());
  private static final MethodHandle BPF_PROGRAM_SET_LOG_LEVEL =
      Native.function(
          Libbpf.bpf_program__set_log_level$address(),
          Libbpf.bpf_program__set_log_level$descriptor());

  private static final MethodHandle BPF_PROGRAM_SET_EXPECTED_ATTACH_TYPE =
      Native.function(
          Libbpf.bpf_program__set_expected_attach_type$address(),
          Libbpf.bpf_program__set_expected_attach_type$descriptor());

  private static final MethodHandle BPF_PROGRAM_SET_TYPE =
      Native.function(
          Libbpf.bpf_program__set_type$address(), Libbpf.bpf_program__set_type$descriptor());
  private static final MethodHandle BPF_PROGRAM_SET_ATTACH_TARGET =
      Native.function(
          Libbpf.bpf_program__set_attach_target$address(),
          Libbpf.bpf_program__set_attach_target$descriptor());
  private static final MethodHandle BPF_OBJECT_BTF =
      Native.function(Libbpf.bpf_object__btf$address(), Libbpf.bpf_object__btf$descriptor());
  private static final MethodHandle BTF_FIND_BY_NAME_KIND =
      Native.function(
          Libbpf.btf__find_by_name_kind$address(), Libbpf.btf__find_by_name_kind$descriptor());

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
      return (int) BPF_OBJECT_LOAD.invokeExact(Native.state(), object);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Frees the object and closes its file descriptors. */
  public static void close(MemorySegment object) {
    try {
      BPF_OBJECT_CLOSE.invokeExact(Native.state(), object);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the map with this name, or NULL. */
  public static MemorySegment findMap(MemorySegment object, String name) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment cName = arena.allocateFrom(name);
      return (MemorySegment) BPF_OBJECT_FIND_MAP_BY_NAME.invokeExact(Native.state(), object, cName);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the map that follows {@code map}, or the first one for NULL; NULL at the end. */
  public static MemorySegment nextMap(MemorySegment object, MemorySegment map) {
    try {
      return (MemorySegment) BPF_OBJECT_NEXT_MAP.invokeExact(Native.state(), object, map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /**
   * Returns the program that follows {@code program}, or the first one for NULL; NULL at the end.
   */
  public static MemorySegment nextProgram(MemorySegment object, MemorySegment program) {
    try {
      return (MemorySegment) BPF_OBJECT_NEXT_PROGRAM.invokeExact(Native.state(), object, program);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns a map's file descriptor, valid after the load. */
  public static int mapFd(MemorySegment map) {
    try {
      return (int) BPF_MAP_FD.invokeExact(Native.state(), map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns a map's name as in the source; for data sections, the section's name. */
  public static String mapName(MemorySegment map) {
    try {
      return string((MemorySegment) BPF_MAP_NAME.invokeExact(Native.state(), map));
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns a map's type, such as BPF_MAP_TYPE_HASH. */
  public static int mapType(MemorySegment map) {
    try {
      return (int) BPF_MAP_TYPE.invokeExact(Native.state(), map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the size of a key in bytes. */
  public static int keySize(MemorySegment map) {
    try {
      return (int) BPF_MAP_KEY_SIZE.invokeExact(Native.state(), map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the size of a value in bytes. */
  public static int valueSize(MemorySegment map) {
    try {
      return (int) BPF_MAP_VALUE_SIZE.invokeExact(Native.state(), map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the map's capacity in entries. */
  public static int maxEntries(MemorySegment map) {
    try {
      return (int) BPF_MAP_MAX_ENTRIES.invokeExact(Native.state(), map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the map's flags. */
  public static int mapFlags(MemorySegment map) {
    try {
      return (int) BPF_MAP_MAP_FLAGS.invokeExact(Native.state(), map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Sets the map's capacity in entries. */
  public static int setMaxEntries(MemorySegment map, int n) {
    try {
      return (int) BPF_MAP_SET_MAX_ENTRIES.invokeExact(Native.state(), map, n);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Sets the flags that the map is created with. */
  public static int setMapFlags(MemorySegment map, int flags) {
    try {
      return (int) BPF_MAP_SET_MAP_FLAGS.invokeExact(Native.state(), map, flags);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Selects whether the load creates the map. */
  public static int setAutocreate(MemorySegment map, boolean on) {
    try {
      return (int) BPF_MAP_SET_AUTOCREATE.invokeExact(Native.state(), map, on);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the initial contents of a data section; NULL for any other map. */
  public static MemorySegment initialValue(MemorySegment map, Arena lifetime) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(ValueLayout.JAVA_LONG);
      MemorySegment value =
          (MemorySegment) BPF_MAP_INITIAL_VALUE.invokeExact(Native.state(), map, size);
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
      return (MemorySegment) BPF_MAP_INNER_MAP.invokeExact(Native.state(), map);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Replaces the inner-map template by another map, which must stay open until the load. */
  public static int setInnerMap(MemorySegment map, int fd) {
    try {
      return (int) BPF_MAP_SET_INNER_MAP_FD.invokeExact(Native.state(), map, fd);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Makes the object use an existing map; libbpf duplicates the file descriptor. */
  public static int reuse(MemorySegment map, int fd) {
    try {
      return (int) BPF_MAP_REUSE_FD.invokeExact(Native.state(), map, fd);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns a program's file descriptor, valid after the load. */
  public static int programFd(MemorySegment program) {
    try {
      return (int) BPF_PROGRAM_FD.invokeExact(Native.state(), program);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns a program's name, which is the name of its C function. */
  public static String programName(MemorySegment program) {
    try {
      return string((MemorySegment) BPF_PROGRAM_NAME.invokeExact(Native.state(), program));
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Selects whether the program is loaded with its object. */
  public static int setAutoload(MemorySegment program, boolean on) {
    try {
      return (int) BPF_PROGRAM_SET_AUTOLOAD.invokeExact(Native.state(), program, on);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Sets the hook that the program is loaded for, such as BPF_XDP. */
  public static int setExpectedAttachType(MemorySegment program, int type) {
    try {
      return (int) BPF_PROGRAM_SET_EXPECTED_ATTACH_TYPE.invokeExact(Native.state(), program, type);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Makes the program one that replaces a function of a loaded program. */
  public static int setReplacementOf(MemorySegment program, int target, String function) {
    try (Arena arena = Arena.ofConfined()) {
      int rc =
          (int)
              BPF_PROGRAM_SET_TYPE.invokeExact(Native.state(), program, Libbpf.BPF_PROG_TYPE_EXT());
      if (rc < 0) {
        return rc;
      }
      rc = setExpectedAttachType(program, 0);
      MemorySegment name = arena.allocateFrom(function);
      return rc < 0
          ? rc
          : (int) BPF_PROGRAM_SET_ATTACH_TARGET.invokeExact(Native.state(), program, target, name);
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Returns the id of a function in the object's types. */
  public static int functionId(MemorySegment object, String function) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment types = (MemorySegment) BPF_OBJECT_BTF.invokeExact(Native.state(), object);
      MemorySegment name = arena.allocateFrom(function);
      return (int)
          BTF_FIND_BY_NAME_KIND.invokeExact(Native.state(), types, name, Libbpf.BTF_KIND_FUNC());
    } catch (Throwable t) {
      throw Native.unreachable(t);
    }
  }

  /** Sets the buffer of the verifier's log, which must outlive the load, and the log level. */
  public static int setLog(MemorySegment program, MemorySegment log, int level) {
    try {
      int rc =
          (int) BPF_PROGRAM_SET_LOG_BUF.invokeExact(Native.state(), program, log, log.byteSize());
      return rc < 0
          ? rc
          : (int) BPF_PROGRAM_SET_LOG_LEVEL.invokeExact(Native.state(), program, level);
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
