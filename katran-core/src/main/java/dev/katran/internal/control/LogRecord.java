package dev.katran.internal.control;

/**
 * The kinds of record in a {@link StateLog}. Their codes are in memory that outlives the library.
 */
enum LogRecord {
  /** The whole state. */
  SNAPSHOT('S'),
  /** A change that is about to be executed. */
  INTENT('I'),
  /** The last intent is in force. */
  COMMIT('C'),
  /** The last intent is undone. */
  ABORT('A'),
  /** A VIP has another idle time, or other windows. */
  WINDOW('W'),
  /** No flow table entry of a backend that left its VIP remains. */
  CLEANED('X');

  private final char code;

  LogRecord(char code) {
    this.code = code;
  }

  byte code() {
    return (byte) code;
  }

  static LogRecord of(byte code) {
    for (LogRecord each : values()) {
      if (each.code() == code) {
        return each;
      }
    }
    throw new IllegalArgumentException("a record of type " + code);
  }
}
