package dev.katran.examples.replay.decode;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.ToIntBiFunction;
import org.jspecify.annotations.Nullable;

/** Aligns two lists so that matching elements are on one line. */
final class Alignment {

  /** The elements on one line, from both lists or from one. */
  record Pair<T>(@Nullable T left, @Nullable T right) {}

  private Alignment() {}

  /**
   * Returns the alignment with the largest sum of similarities.
   *
   * @param similarity how well two elements match; 0 if they must not be on one line
   */
  static <T> Iterable<Pair<T>> of(List<T> left, List<T> right, ToIntBiFunction<T, T> similarity) {
    int[][] best = new int[left.size() + 1][right.size() + 1];
    for (int i = left.size() - 1; i >= 0; i--) {
      for (int j = right.size() - 1; j >= 0; j--) {
        int together = similarity.applyAsInt(left.get(i), right.get(j));
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
