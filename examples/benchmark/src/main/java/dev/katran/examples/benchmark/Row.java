package dev.katran.examples.benchmark;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** One line of a result: names and values, in order. Immutable. */
final class Row {

  private final Map<String, Object> values;

  private Row(Map<String, Object> values) {
    this.values = Collections.unmodifiableMap(values);
  }

  /** A row of this benchmark about one of the things that it compares. */
  static Row of(String benchmark, String variant) {
    return new Row(Map.of()).with("benchmark", benchmark).with("variant", variant);
  }

  /**
   * The same row with one value more.
   *
   * @param value text or a number
   */
  Row with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(values);
    more.put(name, value);
    return new Row(more);
  }

  /** The same row with percentiles of some samples, each named for itself. */
  Row with(Samples samples, String unit, int... percentiles) {
    Row row = this;
    for (int percentile : percentiles) {
      row = row.with("p" + percentile, samples.percentile(percentile));
    }
    return row.with("unit", unit);
  }

  Map<String, Object> values() {
    return values;
  }

  @Override
  public String toString() {
    return values.toString();
  }
}
