package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.needs.NeedsKernel;
import dev.katran.needs.OpenFiles;
import dev.katran.packets.Packet;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A change for which the descriptors run out half way leaves every packet where it was. */
@NeedsKernel
@Tag("unemulated")
class ExhaustedChangeTest {

  private static final int VIPS = 20;
  private static final Limits LIMITS =
      Limits.defaults().vips(32).backends(128).ringSize(251).flowTableSize(1024);
  private static final List<Vip> BEFORE =
      IntStream.range(0, VIPS)
          .mapToObj(i ->
              Vip.tcp("203.0.113." + (10 + i), 443)
                  .backends(
                      Backend.of("10.0.1." + i),
                      Backend.of("10.0.2." + i),
                      Backend.of("10.0.3." + i))
                  .build())
          .toList();

  /** Every VIP drains a backend, one VIP goes, and another comes with other features. */
  private static final List<Vip> AFTER = after();

  private static List<Vip> after() {
    List<Vip> after = new ArrayList<>();
    for (Vip vip : BEFORE.subList(1, VIPS)) {
      after.add(vip.draining(vip.backends().getFirst().key()));
    }
    after.add(
        Vip.udp("203.0.113.100", 443)
            .backends(Backend.of("10.0.4.1"))
            .tracking(Tracking.ALWAYS)
            .udpFlowMigration(true)
            .build());
    return after;
  }

  /** Loads the classes that the test needs when no file can be opened. */
  @BeforeAll
  static void loadClasses() {
    OpenFiles.loadClasses();
    try (LoadBalancer lb = open()) {
      applyWith(1, lb);
      lb.apply(AFTER);
    }
  }

  private static LoadBalancer open() {
    LoadBalancer lb = LoadBalancer.detached().limits(LIMITS).open();
    lb.apply(BEFORE);
    return lb;
  }

  /** Applies the change with a limited number of free descriptors. Returns whether it succeeds. */
  private static boolean applyWith(int left, LoadBalancer lb) {
    return OpenFiles.withLeft(
        left,
        () -> {
          try {
            lb.apply(AFTER);
            return true;
          } catch (OutOfResourcesException e) {
            return false;
          }
        });
  }

  private static List<Integer> sent(LoadBalancer lb) {
    List<Integer> sent = new ArrayList<>();
    for (int port = 1000; port < 1010; port++) {
      for (int vip = 0; vip < VIPS; vip++) {
        byte[] frame = Packet.tcp("198.51.100.7", port, "203.0.113." + (10 + vip), 443).frame();
        Simulation simulation = lb.simulate(frame);
        sent.add(31 * Arrays.hashCode(simulation.frame()) + simulation.verdict().hashCode());
      }
    }
    return sent;
  }

  @Test
  void apply_anyNumberOfDescriptorsLeft_isAllOrNothing() {
    int refused = 0;
    int applied = 0;
    for (int left = 0; applied == 0; left++) {
      try (LoadBalancer lb = open()) {
        List<Integer> before = sent(lb);
        if (applyWith(left, lb)) {
          applied++;
          assertThat(lb.vips()).isEqualTo(AFTER);
        } else {
          refused++;
          assertThat(lb.vips()).isEqualTo(BEFORE);
          assertThat(sent(lb)).as("with %d left", left).isEqualTo(before);
          if (!applyWith(left, lb)) { // nor does a second attempt leave anything
            assertThat(sent(lb)).as("with %d left", left).isEqualTo(before);
          }
          lb.apply(AFTER);
          assertThat(lb.vips()).isEqualTo(AFTER);
        }
      }
    }
    assertThat(refused).isGreaterThan(5);
  }
}
