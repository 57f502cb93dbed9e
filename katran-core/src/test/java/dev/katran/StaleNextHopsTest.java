package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.nexthop.NextHops;
import dev.katran.internal.nexthop.Resolution;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Next hops are found by several threads, and what one has read last may be written first. */
class StaleNextHopsTest {

  private static final Backend BACKEND = Backend.of("10.0.0.1");
  private static final Vip WEB = Vip.tcp("203.0.113.10", 80).backends(BACKEND).build();
  private static final Resolution FOUND =
      new Resolution.Resolved(new Hop(MacAddress.parse("02:00:00:00:00:01"), null));
  private static final Resolution PENDING =
      new Resolution.Unresolved(UnresolvedBackend.Reason.NEIGHBOUR_PENDING, "pending");

  /** Next hops that are found while a caller is on its way back. */
  private static final class FoundMeanwhile implements NextHops {

    private Runnable listener = () -> {};
    private boolean isStale;

    @Override
    public Map<InetAddress, Resolution> resolve(Set<InetAddress> backends, Duration timeout) {
      Resolution then = isStale ? PENDING : FOUND;
      isStale = false;
      return backends.stream().collect(Collectors.toMap(each -> each, each -> then));
    }

    @Override
    public void retain(Set<InetAddress> backends) {}

    @Override
    public Map<InetAddress, Resolution> current() {
      return Map.of(BACKEND.address(), FOUND);
    }

    @Override
    public void onChange(Runnable added) {
      listener = added;
    }

    @Override
    public void close() {}
  }

  @Test
  void refresh_nextHopFoundWhileAThreadReturnsThatItIsPending_backendKeepsItsSlots() {
    DataplaneConfig config = DataplaneConfig.of(Limits.defaults().vips(4).backends(4));
    FoundMeanwhile hops = new FoundMeanwhile();
    try (Control control =
        Balancers.control(
            new JavaDataplane(config), config, hops, new FakeClock(), (name, task) -> () -> {})) {
      LoadBalancer lb = Balancers.over(control);
      lb.put(WEB);
      hops.isStale = true;
      hops.listener.run();

      assertThat(lb.unresolved()).isEmpty();
      assertThat(lb.route(Flow.tcp("198.51.100.7", 1000, "203.0.113.10", 80)).backend())
          .contains(BACKEND);
    }
  }
}
