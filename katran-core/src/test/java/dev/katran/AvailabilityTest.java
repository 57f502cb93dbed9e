package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.dataplane.kernel.Seccomp;
import dev.katran.needs.NeedsKernel;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** {@link LoadBalancer#isAvailable} and {@link LoadBalancer#unavailabilityCause}. */
class AvailabilityTest {

  @Test
  void isAvailable_anywhere_agreesWithUnavailabilityCause() {
    assertThat(LoadBalancer.isAvailable()).isEqualTo(LoadBalancer.unavailabilityCause().isEmpty());
  }

  @Nested
  @NeedsKernel
  class InTheKernel {

    @Test
    void isAvailable_programCanBeLoaded_isTrue() {
      assertThat(LoadBalancer.unavailabilityCause()).isEmpty();
      assertThat(LoadBalancer.isAvailable()).isTrue();
    }

    @Test
    void unavailabilityCause_bpfForbidden_isTheExceptionOfOpen() throws Exception {
      inThreadWithoutBpf(() -> {
        Optional<LoadBalancerException> cause = LoadBalancer.unavailabilityCause();

        assertThat(LoadBalancer.isAvailable()).isFalse();
        assertThat(cause).get().isInstanceOf(MissingCapabilityException.class);
        assertThat(cause.orElseThrow()).hasMessageContaining("seccomp");
        return null;
      });
      assertThat(LoadBalancer.isAvailable()).as("outside that thread").isTrue();
    }

    /** Runs a task in a thread that ends with it, because a seccomp filter cannot be removed. */
    private static void inThreadWithoutBpf(Callable<Void> task) throws Exception {
      FutureTask<Void> future =
          new FutureTask<>(() -> {
            Seccomp.forbidBpf();
            return task.call();
          });
      Thread.ofPlatform().start(future);
      future.get();
    }
  }
}
