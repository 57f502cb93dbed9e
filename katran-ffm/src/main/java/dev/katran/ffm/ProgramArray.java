package dev.katran.ffm;

import dev.katran.ffm.internal.FdInfo;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * An array of programs, which other programs call by tail calls ({@code bpf_tail_call}).
 *
 * <p>All callers of an array and all programs in it must be alike: of the same type, loaded for the
 * same hook, compiled or interpreted, and with or without {@code BPF_F_XDP_HAS_FRAGS}. The first
 * one decides. The kernel empties an array when its last file descriptor is closed and its last pin
 * is removed, even if there are programs that call it.
 *
 * @see <a href="https://docs.ebpf.io/linux/map-type/BPF_MAP_TYPE_PROG_ARRAY/">Program arrays</a>
 * @since 0.1.0
 */
public final class ProgramArray implements AutoCloseable {

  private final BpfMap map;

  private ProgramArray(BpfMap map) {
    this.map = map;
  }

  /**
   * Creates an array.
   *
   * @param name letters, digits, {@code _} and {@code .}
   * @param size the number of elements, greater than 0
   */
  public static ProgramArray create(String name, int size) {
    return new ProgramArray(
        BpfMap.create(
            MapSpec.of(BpfConstants.BPF_MAP_TYPE_PROG_ARRAY, name)
                .keySize(Integer.BYTES)
                .valueSize(Integer.BYTES)
                .maxEntries(size)));
  }

  /**
   * Opens the array that is pinned at {@code path}.
   *
   * @throws BpfException if nothing is pinned there ({@code ENOENT}), or an object that is not an
   *     array of programs ({@code EINVAL})
   */
  public static ProgramArray openPinned(Path path) {
    return of(BpfMap.openPinned(path));
  }

  /**
   * Returns a map as an array of programs. Closing the array closes the map.
   *
   * @throws BpfException if the map is of another type ({@code EINVAL}); it is closed then
   */
  public static ProgramArray of(BpfMap map) {
    if (map.type() != BpfConstants.BPF_MAP_TYPE_PROG_ARRAY) {
      map.close();
      throw new BpfException(
          "open " + map + " as an array of programs", Errno.EINVAL, "it is another kind of map");
    }
    return new ProgramArray(map);
  }

  /** Returns the map. */
  public BpfMap map() {
    return map;
  }

  /** Returns the id of the map in the kernel, greater than 0. */
  public int id() {
    return map.id();
  }

  /** Returns the number of elements. */
  public int size() {
    return map.maxEntries();
  }

  /**
   * Returns the type of the callers and programs, from {@code enum bpf_prog_type}; empty while
   * there were none.
   */
  public OptionalInt programType() {
    OptionalLong type = FdInfo.of(map.fd()).number("owner_prog_type");
    return type.isEmpty() ? OptionalInt.empty() : OptionalInt.of((int) type.getAsLong());
  }

  /**
   * Returns the id of the program in an element; empty if there is none.
   *
   * @throws BpfException if the kernel fails the call
   */
  public OptionalInt programAt(int index) {
    int id = map.innerId(index);
    return id == 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /**
   * Puts a program into an element, in place of the one that is there. Every packet is processed by
   * one or the other.
   *
   * @param program the program's file descriptor
   * @throws BpfException if the program is not like the others ({@code EINVAL}), or the kernel
   *     fails the call for another reason
   */
  public void put(int index, int program) {
    try (Arena arena = Arena.ofConfined()) {
      map.update(key(arena, index), arena.allocateFrom(ValueLayout.JAVA_INT, program));
    }
  }

  /** Empties an element. */
  public void remove(int index) {
    try (Arena arena = Arena.ofConfined()) {
      map.delete(key(arena, index));
    }
  }

  private static MemorySegment key(Arena arena, int index) {
    return arena.allocateFrom(ValueLayout.JAVA_INT, index);
  }

  /** Closes the array's descriptor. */
  @Override
  public void close() {
    map.close();
  }

  @Override
  public String toString() {
    return map.toString();
  }
}
