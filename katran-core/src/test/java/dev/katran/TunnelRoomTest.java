package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.internal.nexthop.FakeNextHops;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Warnings that the path to a backend has no room for the outer headers. */
class TunnelRoomTest {

  private static final VipKey WEB = VipKey.tcp("203.0.113.10", 443);

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().vips(16).backends(16).ringSize(13))
          .with(config ->
              config.gue =
                  new GueConfig(
                      GueConfig.NONE.port(),
                      (Inet4Address) Backend.of("192.0.2.1").address(),
                      (Inet6Address) Backend.of("2001:db8::1").address(),
                      false));

  private final FakeNextHops hops = new FakeNextHops();
  private final LoadBalancer lb =
      Balancers.over(
          Balancers.control(
              new JavaDataplane(CONFIG), CONFIG, hops, new FakeClock(), (name, task) -> () -> {}));

  @ParameterizedTest
  @CsvSource({
    "10.0.0.1, IPIP, 20, 1520",
    "fc00::1,  IPIP, 40, 1540",
    "10.0.0.1, GUE,  28, 1528",
    "fc00::1,  GUE,  48, 1548",
  })
  void put_pathOfMtu1500_warnsWithTheNumbers(String address, String tunnel, int overhead, int mtu) {
    Backend backend =
        Backend.of(address).via(tunnel.equals("GUE") ? Forwarding.gue() : Forwarding.ipip());
    hops.mtu(backend.address(), 1500);

    assertThat(logOf(() -> put(backend)))
        .contains(
            ("packets of %d to 1500 bytes do not fit on the way to backend %s, and others like it:"
                    + " its path has an MTU of 1500, of which %s takes %d. They are dropped; raise"
                    + " the MTU to %d to forward them")
                .formatted(1500 - overhead + 1, backend.key(), tunnel, overhead, mtu));
  }

  @Test
  void put_samePathAgainOrRoomEnough_doesNotWarn() {
    Backend one = Backend.of("10.0.0.1");
    Backend two = Backend.of("10.0.0.2");
    hops.mtu(one.address(), 1519);
    hops.mtu(two.address(), 1519);
    assertThat(logOf(() -> put(one))).contains("packets of 1500 to 1500 bytes");
    assertThat(logOf(() -> put(one, two))).doesNotContain("packets of");

    Backend wide = Backend.of("10.0.0.3");
    hops.mtu(wide.address(), 1520);
    assertThat(logOf(() -> put(wide, Backend.of("10.0.0.4")))).doesNotContain("packets of");
  }

  @Test
  void mtuFalls_laterOn_warns() {
    Backend backend = Backend.of("10.0.0.1");
    hops.mtu(backend.address(), 9000);
    assertThat(logOf(() -> put(backend))).doesNotContain("packets of");

    hops.mtu(backend.address(), 1400);
    assertThat(logOf(hops::announce)).contains("packets of 1381 to 1500 bytes");
  }

  private void put(Backend... backends) {
    lb.put(Vip.of(WEB).backends(List.of(backends)).build());
  }

  /** Returns what an action writes to standard error, where the tests log. */
  private static String logOf(Runnable action) {
    PrintStream standardError = System.err;
    ByteArrayOutputStream log = new ByteArrayOutputStream();
    System.setErr(new PrintStream(log, true, StandardCharsets.UTF_8));
    try {
      action.run();
    } finally {
      System.setErr(standardError);
    }
    return log.toString(StandardCharsets.UTF_8);
  }
}
