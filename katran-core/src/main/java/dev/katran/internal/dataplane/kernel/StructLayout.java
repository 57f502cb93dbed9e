package dev.katran.internal.dataplane.kernel;

import com.google.common.base.Splitter;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.PaddingLayout;
import java.lang.foreign.ValueLayout;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Where the fields of a C struct are, in a form that can be written down: a version of this library
 * finds the fields of another version's structs by it. Fields that are fillers are left out.
 *
 * @param size the bytes of the struct
 * @param fields its fields by their names; a field of a struct within has that one's name in front
 */
record StructLayout(long size, Map<String, Field> fields) {

  /** The names of fields that are always zero, or do not matter. */
  private static final Set<String> FILLERS = Set.of("padding", "zero");

  /**
   * The place of a field, in bytes. A field that another version makes longer is an integer in the
   * byte order of the host, and keeps its value.
   */
  record Field(long offset, long size) {

    private MemorySegment in(MemorySegment struct) {
      return struct.asSlice(offset, size);
    }
  }

  /** Returns the layout of a struct that jextract has generated. */
  static StructLayout of(GroupLayout struct) {
    Map<String, Field> fields = new LinkedHashMap<>();
    collect(struct, "", 0, fields);
    return new StructLayout(struct.byteSize(), fields);
  }

  private static void collect(
      GroupLayout struct, String prefix, long start, Map<String, Field> fields) {
    for (MemoryLayout member : struct.memberLayouts()) {
      if (member instanceof PaddingLayout || FILLERS.contains(member.name().orElse(""))) {
        continue;
      }
      String name = member.name().orElseThrow();
      long offset = start + struct.byteOffset(MemoryLayout.PathElement.groupElement(name));
      if (member instanceof GroupLayout inner) {
        collect(inner, prefix + name + ".", offset, fields);
      } else {
        fields.put(prefix + name, new Field(offset, member.byteSize()));
      }
    }
  }

  /** Returns the layout that {@link #text} has written down. */
  static StructLayout parse(String text) {
    List<String> words = Splitter.on(' ').splitToList(text);
    Map<String, Field> fields = new LinkedHashMap<>();
    for (String word : words.subList(1, words.size())) {
      List<String> parts = Splitter.on(':').splitToList(word);
      fields.put(
          parts.get(0), new Field(Long.parseLong(parts.get(1)), Long.parseLong(parts.get(2))));
    }
    return new StructLayout(Long.parseLong(words.getFirst()), fields);
  }

  /** Returns the size and, for each field, its name, offset and size. */
  String text() {
    return fields.entrySet().stream()
        .map(field ->
            " %s:%d:%d"
                .formatted(field.getKey(), field.getValue().offset(), field.getValue().size()))
        .collect(Collectors.joining("", Long.toString(size), ""));
  }

  /** Returns whether a struct of this layout can be read and written by another one. */
  boolean isLike(StructLayout other) {
    return size == other.size
        && fields.entrySet().stream()
            .allMatch(field -> {
              Field same = other.fields.get(field.getKey());
              return same == null || same.equals(field.getValue());
            });
  }

  /** Returns the names of the fields that another layout lacks, sorted. */
  Set<String> without(StructLayout other) {
    Set<String> names = new TreeSet<>(fields.keySet());
    names.removeAll(other.fields.keySet());
    return names;
  }

  /** Returns whether a field is zero. */
  boolean isZero(MemorySegment struct, String name) {
    return isZero(field(name).in(struct));
  }

  private Field field(String name) {
    Field field = fields.get(name);
    if (field == null) {
      throw new IllegalArgumentException("there is no field " + name);
    }
    return field;
  }

  /** Returns whether all bytes are zero. */
  static boolean isZero(MemorySegment memory) {
    long offset = 0;
    for (; offset + Long.BYTES <= memory.byteSize(); offset += Long.BYTES) {
      if (memory.get(ValueLayout.JAVA_LONG_UNALIGNED, offset) != 0) {
        return false;
      }
    }
    for (; offset < memory.byteSize(); offset++) {
      if (memory.get(ValueLayout.JAVA_BYTE, offset) != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Copies the fields that both layouts have into zeroed memory.
   *
   * @return the name of a field whose value does not fit into the target's; empty if all do
   */
  String copy(MemorySegment from, MemorySegment to, StructLayout target) {
    for (Map.Entry<String, Field> entry : fields.entrySet()) {
      Field wanted = target.fields.get(entry.getKey());
      if (wanted != null) {
        MemorySegment value = entry.getValue().in(from);
        long bytes = Math.min(wanted.size(), value.byteSize());
        if (!isZero(value.asSlice(bytes))) {
          return entry.getKey();
        }
        wanted.in(to).copyFrom(value.asSlice(0, bytes));
      }
    }
    return "";
  }
}
