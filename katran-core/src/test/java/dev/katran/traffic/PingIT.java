package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Count;
import dev.katran.LoadBalancer;
import dev.katran.Vip;
import dev.katran.needs.NeedsKernel;
import java.net.InetAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Pings: the program answers for VIPs, which the balancer's host does not have, and for nobody
 * else.
 */
@NeedsKernel
class PingIT {

  private Site site;
  private LoadBalancer lb;

  @BeforeEach
  void open() throws Exception {
    site = Site.of(0, Service.ECHO);
    lb = site.open();
  }

  @AfterEach
  void close() {
    lb.close();
    site.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {Site.VIP_IPV4, Site.VIP_IPV6})
  void theProgramAnswersForVips(String address) throws Exception {
    Vip vip = Vip.tcp(address, 443).build();
    lb.put(vip);

    assertThat(answers(InetAddress.ofLiteral(address))).isTrue();
    assertThat(lb.counters().sent().packets()).isPositive();
    assertThat(lb.counters().vip(vip)).isEqualTo(Count.ZERO);
  }

  @Test
  void theHostAnswersForItsOwnAddresses() throws Exception {
    lb.put(Vip.tcp(Site.VIP_IPV4, 443).build());
    lb.put(Vip.tcp(Site.VIP_IPV6, 443).build());
    for (InetAddress own : new InetAddress[] {site.balancer().ipv4(), site.balancer().ipv6()}) {
      long passed = lb.counters().passed().packets();

      assertThat(answers(own)).isTrue();
      assertThat(lb.counters().passed().packets()).isGreaterThan(passed);
    }
    assertThat(lb.counters().sent()).isEqualTo(Count.ZERO);
  }

  @ParameterizedTest
  @ValueSource(strings = {Site.VIP_IPV4, Site.VIP_IPV6})
  void nobodyAnswersForAnAddressWhoseLastVipIsRemoved(String address) throws Exception {
    InetAddress pinged = InetAddress.ofLiteral(address);
    Vip web = Vip.tcp(address, 443).build();
    Vip dns = Vip.udp(address).build();
    lb.put(web);
    lb.put(dns);
    lb.remove(web);
    assertThat(answers(pinged)).isTrue();
    Count sent = lb.counters().sent();

    lb.remove(dns);
    assertThat(site.client().pings(pinged, Client.IMPATIENCE)).isFalse();
    assertThat(lb.counters().sent()).isEqualTo(sent);
  }

  @ParameterizedTest
  @ValueSource(strings = {Site.VIP_IPV4, Site.VIP_IPV6})
  void theHostAnswersForAnAddressThatWasAVip(String address) throws Exception {
    InetAddress pinged = InetAddress.ofLiteral(address);
    Vip vip = Vip.tcp(address, 443).build();
    site.balancer().addLoopbackAddress(address);
    lb.put(vip);
    assertThat(answers(pinged)).isTrue();
    Count sent = lb.counters().sent();
    assertThat(sent.packets()).isPositive();

    lb.remove(vip);
    assertThat(answers(pinged)).isTrue();
    assertThat(lb.counters().sent()).isEqualTo(sent);
  }

  private boolean answers(InetAddress address) throws Exception {
    return site.client().pings(address, Client.PATIENCE);
  }
}
