package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Backend;
import dev.katran.LoadBalancer;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.needs.NeedsKernel;
import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** Checks that replacing the program while traffic flows loses nothing. */
@NeedsKernel
class ProgramReplacementIT {

  /** The number of rounds, each with two replacements. {@code -Dkatran.swaps=} sets it. */
  private static final int SWAPS = Integer.getInteger("katran.swaps", 30);

  @Test
  void put_featuresChangeUnderTraffic_losesNoPacketCountOrFlow() throws Exception {
    try (Testbed testbed = Testbed.of(2, Service.ECHO);
        LoadBalancer lb = testbed.open();
        ExecutorService executor = Executors.newSingleThreadExecutor()) {
      List<Backend> backends =
          testbed.servers().stream().map(server -> Backend.of(server.host().ipv4())).toList();
      Vip vip =
          Vip.udp(Testbed.VIP_IPV4, Testbed.PORT)
              .tracking(Tracking.ALWAYS)
              .backends(backends)
              .build();
      lb.put(vip);
      InetSocketAddress target = Testbed.target(vip);
      InetSocketAddress source = testbed.client().source(target, 40_000);
      AtomicBoolean isOver = new AtomicBoolean();
      Future<Integer> requests = executor.submit(() -> sendUntil(testbed, source, target, isOver));
      int instructions = lb.kernelResources().instructions();

      Vip other =
          Vip.udp("203.0.113.77", 1)
              .quic(true)
              .sourceRouting(true)
              .backends(backends.getFirst())
              .build();
      for (int i = 0; i < SWAPS; i++) {
        lb.put(other);
        assertThat(lb.kernelResources().instructions()).isGreaterThan(instructions);
        lb.remove(other);
        assertThat(lb.kernelResources().instructions()).isEqualTo(instructions);
      }
      isOver.set(true);

      int sent = requests.get();
      assertThat(sent).isGreaterThan(SWAPS);
      assertThat(lb.counters().vip(vip).orElseThrow().packets()).isEqualTo(sent);
      assertThat(lb.counters().flowTable().lookups()).isEqualTo(sent);
      assertThat(lb.counters().flowTable().misses()).isEqualTo(1);
    }
  }

  /** Sends requests, each after the reply to the previous one, and returns their number. */
  private static int sendUntil(
      Testbed testbed, InetSocketAddress source, InetSocketAddress target, AtomicBoolean isOver)
      throws Exception {
    int sent = 0;
    while (!isOver.get()) {
      byte[] request = Service.content(sent % 100 + 1);
      assertThat(testbed.client().udp(source, target, request)).isEqualTo(request);
      sent++;
    }
    return sent;
  }
}
