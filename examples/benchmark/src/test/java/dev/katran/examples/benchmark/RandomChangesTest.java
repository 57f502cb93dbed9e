package dev.katran.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Backend;
import dev.katran.Tracking;
import dev.katran.Vip;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class RandomChangesTest {

  private static Set<String> addresses(Vip vip) {
    return vip.backends().stream()
        .map(backend -> backend.address().getHostAddress())
        .collect(Collectors.toSet());
  }

  @Test
  void next_everyChange_differsAndKeepsFourBackends() {
    RandomChanges changes = new RandomChanges(1);
    Vip vip = Services.vip(Family.V4, 0, Tracking.ADAPTIVE, changes.initialBackends());
    int removed = 0;
    for (int i = 0; i < 1000; i++) {
      RandomChanges.Change change = changes.next(vip);
      assertThat(change.vip()).isNotEqualTo(vip);
      assertThat(change.vip().backends().stream().filter(Backend::takesNewFlows))
          .hasSizeGreaterThanOrEqualTo(4);
      Set<String> gone = addresses(vip);
      gone.removeAll(addresses(change.vip()));
      assertThat(gone)
          .isEqualTo(
              change.removed().stream().mapToObj(Family.V4::backend).collect(Collectors.toSet()));
      removed += gone.size();
      vip = change.vip();
    }
    assertThat(removed).isPositive();
  }
}
