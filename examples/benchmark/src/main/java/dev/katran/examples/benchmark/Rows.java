package dev.katran.examples.benchmark;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/** Formats rows as text, for people and for programs. */
final class Rows {

  private static final ObjectMapper JSON = new ObjectMapper();

  private Rows() {}

  /** Returns one JSON array of flat objects. */
  static String json(List<Row> rows) {
    try {
      return JSON.writeValueAsString(rows.stream().map(Row::values).toList());
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("cannot format rows " + rows, e);
    }
  }

  /**
   * Returns a table with a column for each name, in order of first appearance; numbers are aligned
   * right.
   */
  static String table(List<Row> rows) {
    Set<String> names = new LinkedHashSet<>();
    rows.forEach(row -> names.addAll(row.values().keySet()));
    Map<String, Integer> widths = new LinkedHashMap<>();
    for (String name : names) {
      int widest = rows.stream().mapToInt(row -> text(row, name).length()).max().orElse(0);
      widths.put(name, Math.max(name.length(), widest));
    }
    StringBuilder table =
        new StringBuilder(line(widths, name -> name, name -> isNumber(rows, name)));
    for (Row row : rows) {
      table
          .append(System.lineSeparator())
          .append(line(widths, name -> text(row, name), name -> isNumber(rows, name)));
    }
    return table.toString();
  }

  private static String line(Map<String, Integer> widths, Cell cell, Alignment alignment) {
    return widths.entrySet().stream()
        .map(column -> {
          String text = cell.of(column.getKey());
          String padding = " ".repeat(column.getValue() - text.length());
          return alignment.isRight(column.getKey()) ? padding + text : text + padding;
        })
        .collect(Collectors.joining("  "))
        .stripTrailing();
  }

  private interface Cell {
    String of(String name);
  }

  private interface Alignment {
    boolean isRight(String name);
  }

  private static boolean isNumber(List<Row> rows, String name) {
    return rows.stream()
        .map(row -> row.values().get(name))
        .filter(Objects::nonNull)
        .allMatch(Number.class::isInstance);
  }

  private static String text(Row row, String name) {
    Object value = row.values().get(name);
    if (value == null) {
      return "";
    }
    return value instanceof Double number
        ? String.format(Locale.ROOT, "%.2f", number)
        : value.toString();
  }
}
