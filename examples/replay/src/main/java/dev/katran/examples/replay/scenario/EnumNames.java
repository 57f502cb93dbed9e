package dev.katran.examples.replay.scenario;

import java.util.Arrays;
import java.util.Locale;

/** Parses the names of enum constants. */
final class EnumNames {

  private EnumNames() {}

  /**
   * Returns the constant with a name, in upper or lower case.
   *
   * @param what what the name selects, for the message
   * @throws IllegalArgumentException if there is no such constant
   */
  static <E extends Enum<E>> E of(Class<E> type, String what, String name) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().equals(name.toUpperCase(Locale.ROOT))) {
        return constant;
      }
    }
    throw new IllegalArgumentException(
        "unknown %s %s, expected one of %s"
            .formatted(what, name, Arrays.toString(type.getEnumConstants())));
  }
}
