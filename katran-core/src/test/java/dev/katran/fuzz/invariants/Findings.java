package dev.katran.fuzz.invariants;

import com.google.errorprone.annotations.FormatMethod;
import java.util.ArrayList;
import java.util.List;

/** Collects broken invariants. */
final class Findings {

  private final List<Broken> broken = new ArrayList<>();

  /** Adds a broken invariant unless the condition holds. */
  @FormatMethod
  void expect(boolean holds, Invariant invariant, String format, Object... values) {
    if (!holds) {
      broken.add(new Broken(invariant, format.formatted(values)));
    }
  }

  List<Broken> list() {
    return List.copyOf(broken);
  }
}
