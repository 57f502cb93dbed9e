package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.control.InstalledState;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.kernel.KernelClock;
import dev.katran.internal.dataplane.kernel.KernelDataplane;
import dev.katran.needs.NeedsKernel;
import java.io.File;
import java.time.Duration;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Many VIPs with the same backends need hardly more than one, also while their rings change. */
@NeedsKernel
@Tag("unemulated")
class SharedRingsOfVipsTest {

  private static final int VIPS = 300;
  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().vips(VIPS).flowTableSize(4096));
  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final List<Backend> BACKENDS =
      List.of(ONE, Backend.of("10.0.0.2"), Backend.of("10.0.0.3"));

  private final FakeClock clock = new FakeClock();
  private final KernelDataplane dataplane = KernelDataplane.detached(CONFIG);
  private final KernelClock kernelClock = new KernelClock(dataplane, clock.now());
  private final Control control =
      Balancers.control(dataplane, CONFIG, clock, (name, task) -> () -> {});
  private final LoadBalancer lb = Balancers.over(control);

  @AfterEach
  void close() {
    lb.close();
  }

  private static List<Vip> vips() {
    return IntStream.range(0, VIPS)
        .mapToObj(i ->
            Vip.tcp("203.0.%d.%d".formatted(113 + i / 200, 1 + i % 200), 443)
                .backends(BACKENDS)
                .build())
        .toList();
  }

  private static int descriptors() {
    String[] open = new File("/proc/self/fd").list();
    return open == null ? 0 : open.length;
  }

  /** Returns the number of different objects on the heap that hold the VIPs' slots. */
  private int slotStates() {
    IdentityHashMap<Object, Boolean> states = new IdentityHashMap<>();
    control.state().vips().values().forEach(vip -> states.put(vip.slots(), true));
    return states.size();
  }

  private Set<Integer> changingSlots() {
    Set<Integer> changing = new HashSet<>();
    lb.vips().forEach(vip -> changing.add(lb.status(vip.key()).orElseThrow().changing()));
    return changing;
  }

  private void pass(Duration time) {
    clock.pass(time);
    kernelClock.pass(time);
    control.tick();
  }

  @Test
  void apply_allVipsDrainABackend_sharesMapsAndSlots() {
    lb.apply(vips());
    int descriptors = descriptors();
    long memory = lb.kernelResources().memory();
    assertThat(slotStates()).isOne();

    lb.apply(vips().stream().map(vip -> vip.draining(ONE.key())).toList());
    assertThat(changingSlots()).hasSize(1).doesNotContain(0);
    assertThat(slotStates()).isOne();
    assertThat(descriptors()).isLessThan(descriptors + 8);
    assertThat(lb.kernelResources().memory()).isLessThan(memory + (8 << 20));
    tickWithoutNews();

    for (int i = 0; i < 200 && !lb.status(vips().getFirst().key()).orElseThrow().isStable(); i++) {
      pass(Duration.ofSeconds(30));
    }
    assertThat(lb.vips()).allMatch(vip -> lb.status(vip.key()).orElseThrow().isStable());
    assertThat(slotStates()).isOne();
    assertThat(descriptors()).isLessThan(descriptors + 8);
    tickWithoutNews();
  }

  /** A tick that has nothing to do makes no new state, which would be garbage every second. */
  private void tickWithoutNews() {
    InstalledState before = control.state();
    control.tick();
    assertThat(control.state()).isSameAs(before);
  }
}
