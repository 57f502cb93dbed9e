package dev.katran.examples.replay.scenario;

import java.util.Arrays;
import java.util.Locale;

/** Words of which each stands for a constant. */
final class Choices {

  private Choices() {}

  /**
   * The constant that is called so, in small or capital letters.
   *
   * @param what what is to be chosen, for the refusal
   * @throws IllegalArgumentException if none is
   */
  static <E extends Enum<E>> E of(Class<E> type, String what, String name) {
    for (E constant : type.getEnumConstants()) {
      if (constant.name().equals(name.toUpperCase(Locale.ROOT))) {
        return constant;
      }
    }
    throw new IllegalArgumentException(
        "unknown %s %s: there are %s"
            .formatted(what, name, Arrays.toString(type.getEnumConstants())));
  }
}
