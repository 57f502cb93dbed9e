package dev.katran.fuzz;

/**
 * What two dataplanes do not agree on.
 *
 * @param operation what was done
 * @param expected what came of it in the one that is right by definition
 * @param actual what came of it in the other one
 */
record Difference(String operation, Object expected, Object actual) {

  /** An exception as what came of an operation. */
  record Thrown(String text) {
    static Thrown of(RuntimeException exception) {
      return new Thrown(exception.toString());
    }

    @Override
    public String toString() {
      return "threw " + text;
    }
  }

  String expectedText() {
    return text(expected, actual);
  }

  String actualText() {
    return text(actual, expected);
  }

  /** Of readings only those that differ. */
  private static String text(Object one, Object other) {
    return one instanceof Readings ours && other instanceof Readings theirs
        ? ours.differencesFrom(theirs)
        : one.toString();
  }
}
