package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.katran.AttachMode;
import dev.katran.Backend;
import dev.katran.Finding;
import dev.katran.Finding.Check;
import dev.katran.Finding.Severity;
import dev.katran.Forwarding;
import dev.katran.LoadBalancer;
import dev.katran.Vip;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
import dev.katran.lab.HostOptions;
import dev.katran.needs.NeedsKernel;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What {@link LoadBalancer#diagnose} finds on a host, and that its commands mend it. Runs the
 * commands as the tools of these names would.
 */
@NeedsKernel
class DiagnosisIT {

  private static final Duration PATIENCE = Duration.ofSeconds(10);
  private static final String ETH0 = Host.INTERFACE;

  private static final Pattern SYSCTL = Pattern.compile("sysctl -w (?<key>\\S+)=(?<value>\\S+)");
  private static final Pattern MTU = Pattern.compile("ip link set dev eth0 mtu (?<mtu>[0-9]+)");
  private static final Pattern ETHTOOL = Pattern.compile("ethtool -K eth0 (?<feature>\\w+) off");

  private Testbed testbed;
  private Host balancer;
  private Rtnetlink netlink;
  private InetAddress server;

  @BeforeEach
  void open() throws Exception {
    testbed = Testbed.of(0, Service.ECHO);
    balancer = testbed.balancer();
    netlink = balancer.call(Rtnetlink::open);
    server = testbed.lab().host("far", HostOptions.DEFAULT.mtu(1600)).ipv4();
  }

  @AfterEach
  void close() {
    netlink.close();
    testbed.close();
  }

  private static Vip vip(String address, Forwarding forwarding, InetAddress... backends) {
    return Vip.tcp(address, 443)
        .forwarding(forwarding)
        .backends(List.of(backends).stream().map(Backend::of).toList())
        .build();
  }

  private static Vip vip(Forwarding forwarding, InetAddress... backends) {
    return vip(Testbed.VIP_IPV4, forwarding, backends);
  }

  private List<Finding> findings(LoadBalancer lb, Check check) throws Exception {
    return balancer.call(lb::diagnose).stream().filter(each -> each.check() == check).toList();
  }

  private Finding finding(LoadBalancer lb, Check check) throws Exception {
    List<Finding> found = findings(lb, check);
    assertThat(found).hasSize(1);
    return found.getFirst();
  }

  /** Runs the command of a finding. */
  private void mend(Finding finding) throws Exception {
    String command = finding.command().orElseThrow();
    Matcher sysctl = SYSCTL.matcher(command);
    Matcher mtu = MTU.matcher(command);
    Matcher ethtool = ETHTOOL.matcher(command);
    if (sysctl.matches()) {
      balancer.sysctl(sysctl.group("key"), sysctl.group("value"));
    } else if (mtu.matches()) {
      netlink.setMtu(balancer.ifindex(), Integer.parseInt(mtu.group("mtu")));
    } else if (ethtool.matches()) {
      assertThat(ethtool.group("feature")).isEqualTo("gro");
      balancer.run(() -> Ethtool.setFeature(ETH0, Ethtool.Feature.GRO, false));
    } else {
      throw new AssertionError(command);
    }
  }

  @Test
  void diagnose_nothingWrong_tellsHowItIsAttached() throws Exception {
    try (LoadBalancer lb = testbed.open(builder -> builder.attach(AttachMode.NATIVE))) {
      balancer.addLoopbackAddress(Testbed.VIP_IPV4);
      lb.put(vip(Forwarding.ipip(), server));
      assertThat(balancer.call(lb::diagnose))
          .containsExactly(
              Finding.of(Severity.INFO, Check.ATTACHMENT, "the program is attached in native mode")
                  .about(ETH0));
    }
  }

  @Test
  void diagnose_fromAnotherNamespace_tellsThatItCannotSeeTheHost() throws Exception {
    try (LoadBalancer lb = testbed.open(builder -> builder.attach(AttachMode.GENERIC))) {
      assertThat(lb.diagnose())
          .extracting(Finding::check)
          .containsExactly(Check.ATTACHMENT, Check.SURROUNDINGS);
    }
  }

  @Test
  void attachment_interfaceDown_isAnErrorUntilItIsBack() throws Exception {
    try (Cable cable = new Cable(testbed.lab(), balancer);
        LoadBalancer lb = testbed.open()) {
      cable.cut();
      await().atMost(PATIENCE).until(() -> !lb.attachment().orElseThrow().isAttached());

      Finding lost = finding(lb, Check.ATTACHMENT);
      assertThat(lost.severity()).isEqualTo(Severity.ERROR);
      assertThat(lost.command()).contains("ip link set dev eth0 up");
      assertThat(lost.text()).startsWith("the program is not attached since ");
    }
  }

  @Test
  void nextHop_noRoute_isAnErrorOfTheBackend() throws Exception {
    netlink.setDown(balancer.ifindex());
    netlink.setUp(balancer.ifindex()); // which has removed the default route
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip(Forwarding.ipip(), server));

      Finding finding = finding(lb, Check.NEXT_HOP);
      assertThat(finding.severity()).isEqualTo(Severity.ERROR);
      assertThat(finding.backend()).contains(Backend.of(server).key());
      assertThat(finding.text())
          .isEqualTo("no next hop, so no new flows go there: no route to this destination");
      assertThat(finding.command())
          .contains("ip route add %s via <its router>".formatted(server.getHostAddress()));
    }
  }

  @Test
  void onLink_directBackendBehindARouter_isAnError() throws Exception {
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip(Forwarding.direct(), server, balancer.routerIpv4()));

      Finding finding = finding(lb, Check.ON_LINK);
      assertThat(finding.severity()).isEqualTo(Severity.ERROR);
      assertThat(finding.backend()).contains(Backend.of(server).key());
      assertThat(finding.text()).contains("router " + balancer.routerIpv4().getHostAddress());
      lb.put(vip(Forwarding.ipip(), server));
      assertThat(findings(lb, Check.ON_LINK)).isEmpty();
    }
  }

  @Test
  void mtu_noRoomForTheTunnel_isMendedByALargerMtu() throws Exception {
    netlink.setMtu(balancer.ifindex(), 1500);
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip(Forwarding.gue(), server));
      Finding finding = finding(lb, Check.MTU);
      assertThat(finding.severity()).isEqualTo(Severity.WARNING);
      assertThat(finding.text())
          .isEqualTo(
              "packets of more than 1472 bytes do not fit on the way, whose MTU is 1500, of which "
                  + "GUE takes 28; clients may send up to 1500");

      mend(finding);
      await().atMost(PATIENCE).until(() -> findings(lb, Check.MTU).isEmpty());
      lb.put(vip(Forwarding.rewrite(), server));
      netlink.setMtu(balancer.ifindex(), 1500);
      Thread.sleep(500); // for the notification
      assertThat(findings(lb, Check.MTU)).as("rewritten packets keep their length").isEmpty();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void wayBack_hostDoesNotForward_isMendedBySysctl(String address) throws Exception {
    Host far = testbed.lab().host("farther", HostOptions.DEFAULT.mtu(1600));
    boolean isIpv4 = address.equals(Testbed.VIP_IPV4);
    balancer.sysctl("net.ipv4.ip_forward", "0");
    balancer.sysctl("net.ipv6.conf.all.forwarding", "0");
    balancer.sysctl("net.ipv4.conf.all.rp_filter", "0");
    balancer.sysctl("net.ipv4.conf.eth0.rp_filter", "0");
    try (LoadBalancer lb = testbed.open()) {
      Vip vip = vip(address, Forwarding.rewrite(), isIpv4 ? far.ipv4() : far.ipv6());
      lb.put(vip);

      Finding finding = finding(lb, Check.WAY_BACK);
      assertThat(finding.severity()).isEqualTo(Severity.WARNING);
      assertThat(finding.vip()).contains(vip.key());
      assertThat(finding.interfaceName()).contains(ETH0);
      assertThat(finding.text()).contains("does not forward");
      mend(finding);
      assertThat(findings(lb, Check.WAY_BACK)).isEmpty();
      lb.put(vip(address, Forwarding.ipip(), isIpv4 ? far.ipv4() : far.ipv6()));
      balancer.sysctl("net.ipv4.ip_forward", "0");
      balancer.sysctl("net.ipv6.conf.all.forwarding", "0");
      assertThat(findings(lb, Check.WAY_BACK)).as("answers do not pass this host").isEmpty();
    }
  }

  @Test
  void wayBack_hostHasTheAddress_isMendedBySysctl() throws Exception {
    balancer.sysctl("net.ipv4.ip_forward", "1");
    balancer.sysctl("net.ipv4.conf.all.rp_filter", "0");
    balancer.sysctl("net.ipv4.conf.eth0.rp_filter", "0");
    balancer.addLoopbackAddress(Testbed.VIP_IPV4);
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip(Forwarding.rewrite(), server));

      Finding finding = finding(lb, Check.WAY_BACK);
      assertThat(finding.command()).contains("sysctl -w net.ipv4.conf.eth0.accept_local=1");
      mend(finding);
      assertThat(findings(lb, Check.WAY_BACK)).isEmpty();
    }
  }

  @Test
  void wayBack_strictReversePath_isMendedBySysctl() throws Exception {
    balancer.sysctl("net.ipv4.ip_forward", "1");
    balancer.sysctl("net.ipv4.conf.all.rp_filter", "1");
    balancer.sysctl("net.ipv4.conf.eth0.rp_filter", "0");
    balancer.sysctl("net.ipv4.conf.eth0.accept_local", "1");
    try (LoadBalancer lb = testbed.open()) {
      lb.put(vip(Forwarding.rewrite(), server));
      assertThat(findings(lb, Check.WAY_BACK)).as("the way to the VIP is by eth0").isEmpty();

      balancer.addLoopbackAddress(Testbed.VIP_IPV4);
      Finding finding = finding(lb, Check.WAY_BACK);
      assertThat(finding.text()).contains("strict reverse path filter");
      mend(finding);
      assertThat(findings(lb, Check.WAY_BACK)).isEmpty();
    }
  }

  @Test
  void offload_mergesPacketsInGenericMode_isMendedByEthtool() throws Exception {
    balancer.run(() -> Ethtool.setFeature(ETH0, Ethtool.Feature.GRO, true));
    try (LoadBalancer lb = testbed.open(builder -> builder.attach(AttachMode.GENERIC))) {
      Finding finding = finding(lb, Check.OFFLOAD);
      assertThat(finding.severity()).isEqualTo(Severity.WARNING);
      assertThat(finding.interfaceName()).contains(ETH0);
      mend(finding);
      assertThat(findings(lb, Check.OFFLOAD)).isEmpty();
    }
  }

  @Test
  void vipAddress_notOfTheHost_isTold() throws Exception {
    try (LoadBalancer lb = testbed.open()) {
      Vip vip = vip(Forwarding.ipip(), server);
      lb.put(vip);
      Finding finding = finding(lb, Check.VIP_ADDRESS);
      assertThat(finding.severity()).isEqualTo(Severity.INFO);
      assertThat(finding.vip()).contains(vip.key());

      balancer.addLoopbackAddress(Testbed.VIP_IPV4);
      assertThat(findings(lb, Check.VIP_ADDRESS)).isEmpty();
      assertThat(server).isInstanceOf(Inet4Address.class);
    }
  }
}
