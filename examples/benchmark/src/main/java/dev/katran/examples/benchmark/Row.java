package dev.katran.examples.benchmark;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/** A row of results: names and values in order. Immutable. */
final class Row {

  private final Map<String, Object> values;

  private Row(Map<String, Object> values) {
    this.values = Collections.unmodifiableMap(values);
  }

  /** Returns a row of a benchmark and one of the variants that it compares. */
  static Row of(String benchmark, String variant) {
    return new Row(Map.of()).with("benchmark", benchmark).with("variant", variant);
  }

  /**
   * Returns this row with another value.
   *
   * @param value text or a number
   */
  Row with(String name, Object value) {
    Map<String, Object> more = new LinkedHashMap<>(values);
    more.put(name, value);
    return new Row(more);
  }

  /** Returns this row with percentiles of samples, named {@code p50} and so on. */
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
