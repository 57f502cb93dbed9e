package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import dev.katran.needs.NeedsKernel;
import java.util.Map;
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

@NeedsKernel
class KernelResourcesTest {

  private static final int CHANGES = 60;
  private static final Limits LIMITS =
      Limits.defaults().vips(8).backends(8).ringSize(251).flowTableSize(1024);
  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");

  /** Every change replaces tables and rings, whose descriptors are read for their memory. */
  @Test
  void kernelResources_whileTablesAndRingsAreReplaced_neverThrows() throws Exception {
    try (LoadBalancer lb = LoadBalancer.detached().limits(LIMITS).open()) {
      AtomicBoolean done = new AtomicBoolean();
      AtomicLong least = new AtomicLong(Long.MAX_VALUE);
      FutureTask<Void> reader =
          new FutureTask<>(
              () -> {
                while (!done.get()) {
                  least.accumulateAndGet(lb.kernelResources().memory(), Math::min);
                }
              },
              null);
      Thread thread = Thread.ofPlatform().start(reader);
      try {
        for (int i = 0; i < CHANGES; i++) {
          Vip.Builder web = Vip.tcp("203.0.113.10", 80).backends(ONE);
          lb.put((i % 2 == 0 ? web : web.backends(ONE, TWO)).tracking(Tracking.NONE).build());
          lb.serverIds().replace(Map.of(i + 1, ONE));
        }
      } finally {
        done.set(true);
        thread.join();
      }
      assertThatCode(reader::get).doesNotThrowAnyException();
      assertThat(least.get()).isPositive();
    }
  }
}
