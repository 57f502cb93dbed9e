package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Count;
import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.Vip;
import dev.katran.needs.NeedsKernel;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A client whose packets are too big for the balancer believes it when it says so. */
@NeedsKernel
class TooBigIT {

  private static final Limits LIMITS = Limits.defaults().maxPacketSize(1314);
  private static final byte[] STREAM = Service.content(100_000);

  @ParameterizedTest
  @EnumSource(names = {"IPV4_IN_IPV4", "IPV6_IN_IPV6"})
  void aClientThatIsToldSendsSmallerPackets(Tunnel tunnel) throws Exception {
    try (Site site = Site.of(1, Service.ECHO);
        LoadBalancer lb = site.open(builder -> builder.limits(LIMITS).answerTooBig(true))) {
      Vip vip = tunnel.vip(site, Protocol.TCP);
      lb.put(vip);

      var source = site.sourceFor(lb, vip, vip.backends().get(0));
      assertThat(site.client().tcp(source, Site.target(vip), STREAM)).isEqualTo(STREAM);

      assertThat(lb.counters().dropped()).isEqualTo(Count.ZERO);
      assertThat(lb.counters().sent().packets())
          .as("with the answers")
          .isGreaterThan(lb.counters().vip(vip).packets());
    }
  }
}
