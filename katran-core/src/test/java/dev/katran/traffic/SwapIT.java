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

/** Features come and go while packets do: one program takes the place of another. */
@NeedsKernel
class SwapIT {

  /** Fewer where the verifier is slow: {@code -Dkatran.swaps=}. */
  private static final int SWAPS = Integer.getInteger("katran.swaps", 30);

  @Test
  void noPacketIsLostNorACountNorAFlowWhenOneProgramTakesThePlaceOfAnother() throws Exception {
    try (Site site = Site.of(2, Service.ECHO);
        LoadBalancer lb = site.open();
        ExecutorService executor = Executors.newSingleThreadExecutor()) {
      List<Backend> backends =
          site.servers().stream().map(server -> Backend.of(server.host().ipv4())).toList();
      Vip vip =
          Vip.udp(Site.VIP_IPV4, Site.PORT).tracking(Tracking.ALWAYS).backends(backends).build();
      lb.put(vip);
      InetSocketAddress target = Site.target(vip);
      InetSocketAddress source = site.client().source(target, 40_000);
      AtomicBoolean isOver = new AtomicBoolean();
      Future<Integer> answers = executor.submit(() -> askUntil(site, source, target, isOver));
      int instructions = lb.footprint().instructions();

      Vip other =
          Vip.udp("203.0.113.77", 1).quic().sourceRouting().backends(backends.getFirst()).build();
      for (int i = 0; i < SWAPS; i++) {
        lb.put(other);
        assertThat(lb.footprint().instructions()).isGreaterThan(instructions);
        lb.remove(other);
        assertThat(lb.footprint().instructions()).isEqualTo(instructions);
      }
      isOver.set(true);

      int asked = answers.get();
      assertThat(asked).isGreaterThan(SWAPS);
      assertThat(lb.counters().vip(vip).packets()).isEqualTo(asked);
      assertThat(lb.counters().flowTable().lookups()).isEqualTo(asked);
      assertThat(lb.counters().flowTable().misses()).isEqualTo(1);
    }
  }

  /** Asks and waits for the answer, over and over; each must come. */
  private static int askUntil(
      Site site, InetSocketAddress source, InetSocketAddress target, AtomicBoolean isOver)
      throws Exception {
    int asked = 0;
    while (!isOver.get()) {
      byte[] question = Service.content(asked % 100 + 1);
      assertThat(site.client().udp(source, target, question)).isEqualTo(question);
      asked++;
    }
    return asked;
  }
}
