package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.katran.Count;
import dev.katran.LoadBalancer;
import dev.katran.Vip;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
import dev.katran.needs.NeedsKernel;
import java.net.InetAddress;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks that the program answers pings to VIPs, whose addresses the host does not have, and leaves
 * all other pings to the host.
 */
@NeedsKernel
class PingIT {

  private Testbed testbed;
  private LoadBalancer lb;

  @BeforeEach
  void open() throws Exception {
    testbed = Testbed.of(0, Service.ECHO);
    lb = testbed.open();
  }

  @AfterEach
  void close() {
    lb.close();
    testbed.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void ping_vip_isAnsweredByProgram(String address) throws Exception {
    Vip vip = Vip.tcp(address, 443).build();
    lb.put(vip);

    assertThat(answers(InetAddress.ofLiteral(address))).isTrue();
    assertThat(lb.counters().sent().packets()).isPositive();
    assertThat(lb.counters().vip(vip)).contains(Count.ZERO);
  }

  @Test
  void ping_addressOfHost_isAnsweredByHost() throws Exception {
    lb.put(Vip.tcp(Testbed.VIP_IPV4, 443).build());
    lb.put(Vip.tcp(Testbed.VIP_IPV6, 443).build());
    for (InetAddress own :
        new InetAddress[] {testbed.balancer().ipv4(), testbed.balancer().ipv6()}) {
      long passed = lb.counters().passed().packets();

      assertThat(answers(own)).isTrue();
      assertThat(lb.counters().passed().packets()).isGreaterThan(passed);
    }
    assertThat(lb.counters().sent()).isEqualTo(Count.ZERO);
  }

  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void ping_lastVipOfAddressRemoved_isNotAnswered(String address) throws Exception {
    InetAddress pinged = InetAddress.ofLiteral(address);
    Vip web = Vip.tcp(address, 443).build();
    Vip dns = Vip.udp(address).build();
    lb.put(web);
    lb.put(dns);
    lb.remove(web);
    assertThat(answers(pinged)).isTrue();
    Count sent = lb.counters().sent();

    lb.remove(dns);
    assertThat(testbed.client().answersPing(pinged, Client.IMPATIENCE)).isFalse();
    assertThat(lb.counters().sent()).isEqualTo(sent);
  }

  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void ping_vipRemovedFromAddressOfHost_isAnsweredByHost(String address) throws Exception {
    InetAddress pinged = InetAddress.ofLiteral(address);
    Vip vip = Vip.tcp(address, 443).build();
    testbed.balancer().addLoopbackAddress(address);
    lb.put(vip);
    assertThat(answers(pinged)).isTrue();
    Count sent = lb.counters().sent();
    assertThat(sent.packets()).isPositive();

    lb.remove(vip);
    assertThat(answers(pinged)).isTrue();
    assertThat(lb.counters().sent()).isEqualTo(sent);
  }

  @Test
  void ping_interfaceChangesMac_isAnsweredAgainByProgram() throws Exception {
    lb.put(Vip.tcp(Testbed.VIP_IPV4, 443).build());
    InetAddress vip = InetAddress.ofLiteral(Testbed.VIP_IPV4);
    assertThat(answers(vip)).isTrue();
    Host host = testbed.balancer();
    host.sysctl("net.ipv4.conf." + Host.INTERFACE + ".arp_notify", "1");
    host.call(() -> {
      try (Rtnetlink netlink = Rtnetlink.open()) {
        netlink.setMac(host.ifindex(), MacAddress.parse("02:00:00:00:ab:cd"));
      }
      return null;
    });

    await().atMost(Client.PATIENCE).until(() -> answers(vip));
  }

  private boolean answers(InetAddress address) throws Exception {
    return testbed.client().answersPing(address, Client.PATIENCE);
  }
}
