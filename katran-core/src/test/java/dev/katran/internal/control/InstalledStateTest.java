package dev.katran.internal.control;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSetMultimap;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Vip;
import dev.katran.internal.configuration.Answers;
import dev.katran.internal.dataplane.Features;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.pcollections.HashTreePMap;

class InstalledStateTest {

  /** Almost the largest number of backends of a ring. */
  private static final int MANY = 65_000;

  private static List<Backend> backends(int count) {
    return IntStream.rangeClosed(1, count)
        .mapToObj(number -> Backend.of("10.1.%d.%d".formatted(number >> 8, number & 255)))
        .toList();
  }

  private static Vip vip(List<Backend> backends) {
    return Vip.tcp("203.0.113.10", 443).backends(backends).build();
  }

  /** Returns a state whose backends have the indices 1, 2 and so on. */
  private static InstalledState state(List<Backend> backends) {
    Map<BackendKey, InstalledState.InstalledBackend> installed = new HashMap<>();
    for (int i = 0; i < backends.size(); i++) {
      Backend backend = backends.get(i);
      installed.put(
          backend.key(), new InstalledState.InstalledBackend(i + 1, Delivery.of(backend), 1, 1));
    }
    return new InstalledState(
        HashTreePMap.empty(),
        HashTreePMap.from(installed),
        Census.EMPTY,
        Answers.NONE,
        HashTreePMap.empty(),
        ImmutableSetMultimap.of(),
        Optional.empty(),
        Features.NONE);
  }

  @Test
  void leaving_removedAndDrainingBackends_areTheRemovedOnes() {
    List<Backend> backends = backends(4);
    Vip before = vip(backends);
    Vip after =
        before
            .without(backends.get(1).key())
            .without(backends.get(3).key())
            .draining(backends.get(0).key())
            .with(Backend.of("10.2.0.1"));
    assertThat(state(backends).leaving(before, after)).containsExactlyInAnyOrder(2, 4);
  }

  /** A search of the backends for each of the backends would take about 2 billion steps. */
  @Test
  void leaving_manyBackends_isQuick() {
    List<Backend> backends = backends(MANY);
    Vip before = vip(backends);
    Vip after = before.without(backends.getLast().key());
    InstalledState state = state(backends);
    long start = System.nanoTime();
    assertThat(state.leaving(before, after)).containsExactly(MANY);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(4));
  }
}
