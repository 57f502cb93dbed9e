package dev.katran.fuzz;

/**
 * The outcomes of one operation on two dataplanes.
 *
 * @param expected the outcome on the reference dataplane
 * @param actual the outcome on the dataplane under test
 */
record Comparison(Object expected, Object actual) {

  /** An exception as the outcome of an operation. */
  record Thrown(String text) {
    static Thrown of(RuntimeException exception) {
      return new Thrown(exception.toString());
    }

    @Override
    public String toString() {
      return "threw " + text;
    }
  }

  boolean isEqual() {
    return expected.equals(actual);
  }

  String expectedText() {
    return text(expected, actual);
  }

  String actualText() {
    return text(actual, expected);
  }

  /** Formats an outcome; a snapshot is reduced to the values that differ. */
  private static String text(Object one, Object other) {
    return one instanceof Snapshot ours && other instanceof Snapshot theirs
        ? ours.differencesFrom(theirs)
        : one.toString();
  }
}
