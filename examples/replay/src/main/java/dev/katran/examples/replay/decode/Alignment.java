package dev.katran.examples.replay.decode;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.ToIntBiFunction;
import org.jspecify.annotations.Nullable;

/** Lays two lists beside each other, so that what belongs together stands in one line. */
final class Alignment {

  /** What stands in one line: of both lists, or of one. */
  record Pair<T>(@Nullable T left, @Nullable T right) {}

  private Alignment() {}

  /**
   * The lines, such that the sum of their likenesses is as large as it can be.
   *
   * @param likeness how much two elements belong together; 0: they may not stand in one line
   */
  static <T> Iterable<Pair<T>> of(List<T> left, List<T> right, ToIntBiFunction<T, T> likeness) {
    int[][] best = new int[left.size() + 1][right.size() + 1];
    for (int i = left.size() - 1; i >= 0; i--) {
      for (int j = right.size() - 1; j >= 0; j--) {
        int together = likeness.applyAsInt(left.get(i), right.get(j));
        int apart = Math.max(best[i + 1][j], best[i][j + 1]);
        best[i][j] = together == 0 ? apart : Math.max(apart, best[i + 1][j + 1] + together);
      }
    }
    Deque<Pair<T>> pairs = new ArrayDeque<>();
    int i = 0;
    int j = 0;
    while (i < left.size() || j < right.size()) {
      if (j == right.size() || (i < left.size() && best[i][j] == best[i + 1][j])) {
        pairs.add(new Pair<>(left.get(i++), null));
      } else if (i == left.size() || best[i][j] == best[i][j + 1]) {
        pairs.add(new Pair<>(null, right.get(j++)));
      } else {
        pairs.add(new Pair<>(left.get(i++), right.get(j++)));
      }
    }
    return pairs;
  }
}
