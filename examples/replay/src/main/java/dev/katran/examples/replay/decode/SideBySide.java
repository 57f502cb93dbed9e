package dev.katran.examples.replay.decode;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Two decoded frames side by side, one line per field. Lines that differ start with an exclamation
 * mark.
 */
public final class SideBySide {

  private static final Header NO_HEADER = new Header("", List.of());
  private static final int NAME_WIDTH = 20;
  private static final int VALUE_WIDTH = 48; // 16 bytes in hex

  private final List<String> lines = new ArrayList<>();

  private SideBySide() {}

  /**
   * Returns the lines.
   *
   * @param leftTitle the heading of the left frame
   * @param rightTitle the heading of the right frame
   */
  public static List<String> of(
      String leftTitle, List<Header> left, String rightTitle, List<Header> right) {
    SideBySide table = new SideBySide();
    table.add(' ', "", "", leftTitle, rightTitle);
    for (Alignment.Pair<Header> pair : Alignment.of(left, right, SideBySide::similarity)) {
      table.add(pair.left(), pair.right());
    }
    return table.lines;
  }

  private static int similarity(Header left, Header right) {
    return left.name().equals(right.name())
        ? 1 + (int) left.fields().stream().filter(right.fields()::contains).count()
        : 0;
  }

  private static int similarity(Header.Field left, Header.Field right) {
    return left.name().equals(right.name()) ? 1 : 0;
  }

  private void add(@Nullable Header left, @Nullable Header right) {
    char mark = left == null || right == null ? '!' : ' ';
    add(
        mark,
        "",
        (left != null ? left : Objects.requireNonNull(right)).name(),
        right == null ? "(only here)" : "",
        left == null ? "(only here)" : "");
    List<Header.Field> leftFields = (left == null ? NO_HEADER : left).fields();
    List<Header.Field> rightFields = (right == null ? NO_HEADER : right).fields();
    for (Alignment.Pair<Header.Field> pair :
        Alignment.of(leftFields, rightFields, SideBySide::similarity)) {
      add(pair.left(), pair.right());
    }
  }

  private void add(Header.@Nullable Field left, Header.@Nullable Field right) {
    add(
        Objects.equals(left, right) ? ' ' : '!',
        "  ",
        (left != null ? left : Objects.requireNonNull(right)).name(),
        left == null ? "" : left.value(),
        right == null ? "" : right.value());
  }

  private void add(char mark, String indentation, String name, String left, String right) {
    String line =
        ("%c %-" + NAME_WIDTH + "s %-" + VALUE_WIDTH + "s %s")
            .formatted(mark, indentation + name, left, right);
    lines.add(line.stripTrailing());
  }
}
