package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Count;
import dev.katran.Counters;
import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.needs.NeedsKernel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Checks that clients obey the balancer's own ICMP errors for packets that are too big. */
@NeedsKernel
class PacketTooBigIT {

  private static final Limits LIMITS = Limits.defaults().maxPacketSize(1314);
  private static final byte[] STREAM = Service.content(100_000);

  @ParameterizedTest
  @EnumSource(names = {"IPV4_IN_IPV4", "IPV6_IN_IPV6"})
  void sendPacketTooBig_longTcpSegments_clientSendsShorterOnes(TunnelCase tunnel) throws Exception {
    try (Testbed testbed = Testbed.of(1, Service.ECHO);
        LoadBalancer lb = testbed.open(builder -> builder.limits(LIMITS).sendPacketTooBig(true))) {
      Vip vip = tunnel.vip(testbed, Protocol.TCP);
      lb.put(vip);

      var source = testbed.sourceFor(lb, vip, vip.backends().get(0));
      assertThat(testbed.client().tcp(source, Testbed.target(vip), STREAM)).isEqualTo(STREAM);

      assertThat(lb.counters().dropped()).isEqualTo(Count.ZERO);
      assertThat(lb.counters().sent().packets())
          .as("sent packets including ICMP errors")
          .isGreaterThan(lb.counters().vip(vip).orElseThrow().packets());
    }
  }

  /** The client's segments fit in the interface's MTU, but not with an outer header around them. */
  @ParameterizedTest
  @EnumSource
  void default_noRoomForTheTunnel_clientSendsShorterSegments(TunnelCase tunnel) throws Exception {
    try (Testbed testbed = Testbed.of(1, Service.ECHO)) {
      setMtu(testbed, 1500);
      try (LoadBalancer lb = testbed.open()) {
        Vip vip = tunnel.vip(testbed, Protocol.TCP);
        lb.put(vip);

        var source = testbed.sourceFor(lb, vip, vip.backends().get(0));
        assertThat(testbed.client().tcp(source, Testbed.target(vip), STREAM)).isEqualTo(STREAM);
        assertThat(lb.counters().packetTooBigSent()).isNotEqualTo(new Counters.ByFamily(0, 0));
        assertThat(lb.counters().dropped()).isEqualTo(Count.ZERO);
      }
    }
  }

  /** Sets the MTU of both ends of the balancer's link. */
  private static void setMtu(Testbed testbed, int mtu) throws Exception {
    try (Rtnetlink balancer = testbed.balancer().call(Rtnetlink::open);
        Rtnetlink router = testbed.lab().router().call(Rtnetlink::open)) {
      balancer.setMtu(testbed.balancer().ifindex(), mtu);
      router.setMtu(router.link(testbed.balancer().name()).index(), mtu);
    }
  }
}
