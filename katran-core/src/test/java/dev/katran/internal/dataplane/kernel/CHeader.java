package dev.katran.internal.dataplane.kernel;

import com.google.common.base.Splitter;
import com.google.common.collect.ImmutableMap;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The constants and structures that a C header declares. Reads as much C as {@code katran.h} uses:
 * enums, {@code #define}s of numbers, and structures of fields and arrays of {@code linux/types.h}
 * or of earlier structures. Expressions have numbers, names, parentheses, {@code <<}, {@code |},
 * {@code +} and {@code -}.
 */
final class CHeader {

  private static final Pattern COMMENT = Pattern.compile("/\\*.*?\\*/|//[^\\n]*", Pattern.DOTALL);
  private static final Pattern DEFINE =
      Pattern.compile("^#define[ \\t]+(\\w+)[ \\t]+(\\S.*)$", Pattern.MULTILINE);
  private static final Pattern ENUM = Pattern.compile("\\benum\\s*(\\w*)\\s*\\{([^}]*)\\}");
  private static final Pattern STRUCT = Pattern.compile("\\bstruct\\s+(\\w+)\\s*\\{([^}]*)\\}");
  private static final Pattern FIELD =
      Pattern.compile("(?:struct\\s+)?(\\w+)\\s+(\\w+)\\s*(?:\\[([^\\]]*)\\])?\\s*;");
  private static final Pattern INTEGER = Pattern.compile("__(?:u|s|be|le)(8|16|32|64)");

  private final Map<String, Integer> constants = new LinkedHashMap<>();
  private final Map<String, ImmutableMap<String, Integer>> enums = new LinkedHashMap<>();
  private final Map<String, CStruct> structs = new LinkedHashMap<>();
  private final Map<String, Long> alignments = new HashMap<>();

  private CHeader(String source) {
    String text = COMMENT.matcher(source).replaceAll(" ");
    DEFINE.matcher(text).results().forEach(each -> define(each.group(1), each.group(2)));
    ENUM.matcher(text).results().forEach(this::addEnum);
    STRUCT.matcher(text).results().forEach(this::addStruct);
  }

  /** Reads a header. */
  static CHeader read(Path file) throws IOException {
    return new CHeader(Files.readString(file));
  }

  /** Parses a header. */
  static CHeader parse(String source) {
    return new CHeader(source);
  }

  /** Returns all constants by name, those of unnamed enums too. */
  ImmutableMap<String, Integer> constants() {
    return ImmutableMap.copyOf(constants);
  }

  /** Returns the constants of an enum by name, in their order. */
  ImmutableMap<String, Integer> constantsOf(String enumName) {
    ImmutableMap<String, Integer> found = enums.get(enumName);
    if (found == null) {
      throw new IllegalArgumentException("no enum " + enumName);
    }
    return found;
  }

  /** Returns the structures by name, laid out as on 64-bit processors. */
  ImmutableMap<String, CStruct> structs() {
    return ImmutableMap.copyOf(structs);
  }

  private int define(String name, String expression) {
    int value = new Expression(expression).value();
    constants.put(name, value);
    return value;
  }

  private void addEnum(MatchResult match) {
    ImmutableMap.Builder<String, Integer> members = ImmutableMap.builder();
    int next = 0;
    for (String member : Splitter.on(',').trimResults().omitEmptyStrings().split(match.group(2))) {
      List<String> parts = Splitter.on('=').trimResults().splitToList(member);
      String expression = parts.size() > 1 ? parts.get(1) : Integer.toString(next);
      int value = define(parts.get(0), expression);
      members.put(parts.get(0), value);
      next = value + 1;
    }
    if (!match.group(1).isEmpty()) {
      enums.put(match.group(1), members.buildOrThrow());
    }
  }

  private void addStruct(MatchResult match) {
    ImmutableMap.Builder<String, CStruct.Field> fields = ImmutableMap.builder();
    long end = 0;
    long alignment = 1;
    for (MatchResult field : FIELD.matcher(match.group(2)).results().toList()) {
      String type = field.group(1);
      int count = field.group(3) == null ? 1 : new Expression(field.group(3)).value();
      long offset = roundUp(end, alignmentOf(type));
      fields.put(field.group(2), new CStruct.Field(offset, count * sizeOf(type)));
      end = offset + count * sizeOf(type);
      alignment = Math.max(alignment, alignmentOf(type));
    }
    structs.put(match.group(1), new CStruct(roundUp(end, alignment), fields.buildOrThrow()));
    alignments.put(match.group(1), alignment);
  }

  private long sizeOf(String type) {
    CStruct struct = structs.get(type);
    return struct != null ? struct.size() : integerSize(type);
  }

  private long alignmentOf(String type) {
    Long alignment = alignments.get(type);
    return alignment != null ? alignment : integerSize(type);
  }

  private static long integerSize(String type) {
    Matcher matcher = INTEGER.matcher(type);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("unknown type " + type);
    }
    return Integer.parseInt(matcher.group(1)) / Byte.SIZE;
  }

  private static long roundUp(long value, long alignment) {
    return Math.ceilDiv(value, alignment) * alignment;
  }

  /** A recursive descent over the operators of C's precedence: {@code |}, shift, sum. */
  private final class Expression {

    private static final Pattern TOKEN = Pattern.compile("\\s*(<<|0[xX][0-9a-fA-F]+|\\w+|\\S)");

    private final String text;
    private final Matcher matcher;
    private String token;

    Expression(String text) {
      this.text = text;
      this.matcher = TOKEN.matcher(text);
      this.token = next();
    }

    int value() {
      int value = or();
      if (!token.isEmpty()) {
        throw new IllegalArgumentException("cannot read \"" + token + "\" in " + text);
      }
      return value;
    }

    private int or() {
      int value = shift();
      while (take("|")) {
        value |= shift();
      }
      return value;
    }

    private int shift() {
      int value = sum();
      while (take("<<")) {
        value <<= sum();
      }
      return value;
    }

    private int sum() {
      int value = atom();
      while (true) {
        if (take("+")) {
          value += atom();
        } else if (take("-")) {
          value -= atom();
        } else {
          return value;
        }
      }
    }

    private int atom() {
      if (take("(")) {
        int value = or();
        if (!take(")")) {
          throw new IllegalArgumentException("no closing parenthesis in " + text);
        }
        return value;
      }
      String atom = token;
      token = next();
      Integer constant = constants.get(atom);
      return constant != null ? constant : Integer.decode(atom);
    }

    private boolean take(String expected) {
      boolean isNext = token.equals(expected);
      if (isNext) {
        token = next();
      }
      return isNext;
    }

    private String next() {
      return matcher.find() ? matcher.group(1) : "";
    }
  }
}
