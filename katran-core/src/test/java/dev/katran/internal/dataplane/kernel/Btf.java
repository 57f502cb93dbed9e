package dev.katran.internal.dataplane.kernel;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.collect.ImmutableMap;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/**
 * The types of a compiled program, from the section {@code .BTF} of its object file. See {@code
 * Documentation/bpf/btf.rst} of Linux for the format.
 */
final class Btf {

  /** A type: the three words that all kinds have, and where the words of its kind begin. */
  private record Type(String name, int kind, int members, int sizeOrType, int details) {}

  // ELF64, see elf(5)
  private static final int SECTION_HEADERS_OFFSET = 40;
  private static final int SECTION_HEADER_SIZE = 58;
  private static final int SECTION_COUNT = 60;
  private static final int SECTION_NAMES_INDEX = 62;

  private static final int MAGIC = 0xeb9f;

  // enum btf_kind of linux/btf.h
  private static final int INT = 1;
  private static final int PTR = 2;
  private static final int ARRAY = 3;
  private static final int STRUCT = 4;
  private static final int UNION = 5;
  private static final int ENUM = 6;
  private static final int FWD = 7;
  private static final int TYPEDEF = 8;
  private static final int VOLATILE = 9;
  private static final int CONST = 10;
  private static final int RESTRICT = 11;
  private static final int FUNC = 12;
  private static final int FUNC_PROTO = 13;
  private static final int VAR = 14;
  private static final int DATASEC = 15;
  private static final int FLOAT = 16;
  private static final int DECL_TAG = 17;
  private static final int TYPE_TAG = 18;
  private static final int ENUM64 = 19;

  private final ByteBuffer section;
  private final int strings;
  private final List<Type> types = new ArrayList<>();

  private Btf(ByteBuffer section) {
    this.section = section;
    int magic = Short.toUnsignedInt(section.getShort(0));
    if (magic != MAGIC) {
      throw new IllegalArgumentException("no BTF: it begins with 0x%x".formatted(magic));
    }
    int header = section.getInt(4);
    int start = header + section.getInt(8);
    int end = start + section.getInt(12);
    this.strings = header + section.getInt(16);
    types.add(new Type("void", 0, 0, 0, 0));
    for (int at = start; at < end; ) {
      int info = section.getInt(at + 4);
      Type type =
          new Type(name(at), (info >> 24) & 0x1f, info & 0xffff, section.getInt(at + 8), at + 12);
      types.add(type);
      at = type.details + detailsSize(type);
    }
  }

  /** Reads the BTF of an object file. */
  static Btf of(byte[] object) {
    return new Btf(section(ByteBuffer.wrap(object).order(ByteOrder.LITTLE_ENDIAN), ".BTF"));
  }

  /** Returns the structures that the program's maps and variables have, by name. */
  ImmutableMap<String, CStruct> structs() {
    return types.stream()
        .filter(each -> each.kind == STRUCT && !each.name.isEmpty())
        .collect(
            ImmutableMap.toImmutableMap(
                Type::name, each -> new CStruct(each.sizeOrType, fields(each))));
  }

  /** Returns the fields with a name: the kernel's own structures also have anonymous unions. */
  private ImmutableMap<String, CStruct.Field> fields(Type struct) {
    ImmutableMap.Builder<String, CStruct.Field> fields = ImmutableMap.builder();
    for (int i = 0; i < struct.members; i++) {
      int at = struct.details + 12 * i;
      if (!name(at).isEmpty()) {
        long offset = section.getInt(at + 8) / Byte.SIZE;
        fields.put(name(at), new CStruct.Field(offset, size(section.getInt(at + 4))));
      }
    }
    return fields.buildOrThrow();
  }

  /** Returns the string that a word refers to. */
  private String name(int word) {
    return string(section, strings + section.getInt(word));
  }

  private long size(int index) {
    Type type = types.get(index);
    return switch (type.kind) {
      case INT, STRUCT, UNION, ENUM, ENUM64, FLOAT -> type.sizeOrType;
      case PTR -> Long.BYTES;
      case ARRAY -> section.getInt(type.details + 8) * size(section.getInt(type.details));
      case TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG -> size(type.sizeOrType);
      default -> throw new IllegalStateException(type + " has no size");
    };
  }

  private static int detailsSize(Type type) {
    return switch (type.kind) {
      case PTR, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, FLOAT, TYPE_TAG -> 0;
      case INT, VAR, DECL_TAG -> 4;
      case ARRAY -> 12;
      case ENUM, FUNC_PROTO -> 8 * type.members;
      case STRUCT, UNION, DATASEC, ENUM64 -> 12 * type.members;
      default -> throw new IllegalStateException("unknown kind of type: " + type);
    };
  }

  private static ByteBuffer section(ByteBuffer elf, String name) {
    int headers = (int) elf.getLong(SECTION_HEADERS_OFFSET);
    int size = elf.getShort(SECTION_HEADER_SIZE);
    int names = headers + size * elf.getShort(SECTION_NAMES_INDEX);
    int namesOffset = (int) elf.getLong(names + 24);
    for (int i = 0; i < elf.getShort(SECTION_COUNT); i++) {
      int header = headers + size * i;
      if (string(elf, namesOffset + elf.getInt(header)).equals(name)) {
        int offset = (int) elf.getLong(header + 24);
        int length = (int) elf.getLong(header + 32);
        return elf.slice(offset, length).order(ByteOrder.LITTLE_ENDIAN);
      }
    }
    throw new IllegalArgumentException("no section " + name);
  }

  private static String string(ByteBuffer buffer, int start) {
    int end = start;
    while (buffer.get(end) != 0) {
      end++;
    }
    byte[] bytes = new byte[end - start];
    buffer.get(start, bytes);
    return new String(bytes, UTF_8);
  }
}
