package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.ffm.BpfException;
import dev.katran.ffm.Errno;
import dev.katran.internal.platform.Refusal;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.OpenFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** A process without file descriptors gets an exception that says so, and loses none. */
@NeedsKernel
@Tag("unemulated")
class ExhaustionTest {

  /** More descriptors than opening, or a put, takes. */
  private static final int ENOUGH = 40;

  private static final String MAP = "anon_inode:bpf-map";

  private static final Limits LIMITS =
      Limits.defaults().vips(8).backends(8).ringSize(251).flowTableSize(1024);
  private static final Vip WEB =
      Vip.tcp("203.0.113.10", 80)
          .backends(Backend.of("10.0.0.1"), Backend.of("10.0.0.2"))
          .tracking(Tracking.ALWAYS)
          .build();

  /** Loads the classes that the tests need when no file can be opened. */
  @BeforeAll
  static void loadClasses() {
    OpenFiles.loadClasses();
    assertThat(LoadBalancerException.of(Refusal.of(new BpfException("warm up", Errno.EMFILE))))
        .isInstanceOf(OutOfResourcesException.class);
    try (LoadBalancer lb = open()) {
      assertThat(outcome(1, () -> lb.put(WEB))).isPresent();
      lb.put(WEB);
    }
  }

  private static LoadBalancer open() {
    return LoadBalancer.detached()
        .limits(LIMITS)
        .forwardingCores(ForwardingCore.of(0), ForwardingCore.of(1))
        .open();
  }

  /** Runs a task with a limited number of free descriptors. Returns what it throws. */
  private static Optional<RuntimeException> outcome(int left, Runnable task) {
    return OpenFiles.withLeft(
        left,
        () -> {
          try {
            task.run();
            return Optional.empty();
          } catch (RuntimeException e) {
            return Optional.of(e);
          }
        });
  }

  @Test
  void open_anyNumberOfDescriptorsLeft_opensOrSaysSo() {
    Map<String, Integer> before = OpenFiles.count();
    List<Boolean> opened = new ArrayList<>();
    for (int left = 0; left < ENOUGH; left++) {
      Optional<RuntimeException> thrown = outcome(left, () -> open().close());
      thrown.ifPresent(ExhaustionTest::assertNamesTheLimit);
      opened.add(thrown.isEmpty());
      assertThat(OpenFiles.count()).as("with %d left", left).isEqualTo(before);
    }
    assertThat(opened).as("by descriptors left").startsWith(false, false, false).endsWith(true);
  }

  @Test
  void put_anyNumberOfDescriptorsLeft_putsOrSaysSo() {
    Map<String, Integer> before = OpenFiles.count();
    List<Boolean> put = new ArrayList<>();
    for (int left = 0; left < ENOUGH; left++) {
      try (LoadBalancer lb = open()) {
        Optional<RuntimeException> thrown = outcome(left, () -> lb.put(WEB));
        thrown.ifPresent(ExhaustionTest::assertNamesTheLimit);
        put.add(thrown.isEmpty());
        assertThat(lb.vips()).hasSize(thrown.isEmpty() ? 1 : 0);
      }
      assertThat(OpenFiles.count()).as("with %d left", left).isEqualTo(before);
    }
    assertThat(put).as("by descriptors left").startsWith(false, false).endsWith(true);
  }

  /** What a failed put has created may stay for the next one, but nothing twice. */
  @Test
  void put_failsAgainAndAgain_takesNoMoreDescriptorsThanOneThatSucceeds() {
    int needed;
    try (LoadBalancer lb = open()) {
      lb.put(WEB);
      needed = OpenFiles.count().get(MAP);
    }
    for (int left = 0; left < ENOUGH / 4; left++) {
      try (LoadBalancer lb = open()) {
        for (int i = 0; i < 5; i++) {
          outcome(left, () -> lb.put(WEB));
          assertThat(OpenFiles.count().get(MAP))
              .as("with %d left", left)
              .isLessThanOrEqualTo(needed);
        }
      }
    }
  }

  private static void assertNamesTheLimit(RuntimeException thrown) {
    assertThat(thrown)
        .isInstanceOf(OutOfResourcesException.class)
        .hasMessageContaining("EMFILE (Too many open files)")
        .hasMessageContaining("ulimit -n")
        .hasMessageContaining("files open");
  }

  @Test
  void open_coreThatDoesNotExist_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> LoadBalancer.detached().forwardingCores(ForwardingCore.of(9999)).open())
        .withMessageStartingWith("forwarding core 9999 does not exist: this machine has CPUs ");
  }

  @Test
  void open_nodeThatDoesNotExist_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(
            () -> LoadBalancer.detached().forwardingCores(ForwardingCore.of(0).onNode(999)).open())
        .withMessageStartingWith("forwarding core 0 is on NUMA node 999, which does not exist: ");
  }
}
