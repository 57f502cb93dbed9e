package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import dev.katran.Finding.Check;
import dev.katran.Finding.Severity;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.InterceptedDataplane;
import dev.katran.internal.dataplane.InterfaceState;
import dev.katran.internal.dataplane.Surroundings;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import java.net.InetAddress;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@link LoadBalancer#diagnose} on hosts that no kernel of a test can be made into. */
class DiagnosisTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().ringSize(251).flowTableSize(4096));
  private static final Vip REWRITING =
      Vip.tcp("203.0.113.10", 443)
          .forwarding(Forwarding.rewrite())
          .backends(Backend.of("10.0.0.1"))
          .build();

  /** A host with one interface, whose settings are those that were put. */
  private static final class FakeHost implements Surroundings {

    private final Map<String, String> settings = new HashMap<>();
    private String vlans = "";
    private final Set<Offload> offloads = EnumSet.noneOf(Offload.class);

    @Override
    public Optional<String> setting(String key) {
      return Optional.ofNullable(settings.get(key));
    }

    @Override
    public boolean isOn(String interfaceName, Offload offload) {
      return offloads.contains(offload);
    }

    @Override
    public String vlansAbove(String interfaceName) {
      return vlans;
    }

    @Override
    public boolean isOwn(InetAddress address) {
      return true;
    }

    @Override
    public Optional<Way> way(InetAddress destination) {
      return Optional.empty();
    }
  }

  private final FakeHost host = new FakeHost();

  private LoadBalancer on(String interfaceName) {
    Dataplane dataplane =
        InterceptedDataplane.of(
            new JavaDataplane(CONFIG),
            (method, arguments, proceed) ->
                switch (method) {
                  case "program.surroundings" -> Optional.of(host);
                  case "program.attachments" ->
                      List.of(
                          new InterfaceState(
                              interfaceName, 2, AttachMode.NATIVE, "", true, 7, Instant.EPOCH));
                  default -> proceed.call();
                });
    return Balancers.over(dataplane, CONFIG);
  }

  private static List<Finding> found(LoadBalancer lb, Check check) {
    return lb.diagnose().stream().filter(each -> each.check() == check).toList();
  }

  @Test
  void diagnose_inMemory_answersWithWhatItCanSee() {
    try (LoadBalancer lb = LoadBalancer.inMemory().open()) {
      lb.put(REWRITING);
      assertThat(lb.diagnose())
          .singleElement()
          .satisfies(each -> assertThat(each.check()).isEqualTo(Check.ATTACHMENT))
          .satisfies(each -> assertThat(each.severity()).isEqualTo(Severity.INFO));
    }
  }

  @Test
  void diagnose_closed_throws() {
    LoadBalancer lb = LoadBalancer.inMemory().open();
    lb.close();
    assertThatIllegalStateException().isThrownBy(lb::diagnose);
  }

  @Test
  void offload_cardMergesPackets_isAWarning() {
    host.offloads.add(Surroundings.Offload.LRO);
    host.offloads.add(Surroundings.Offload.GRO); // harmless: after a program in native mode
    try (LoadBalancer lb = on("eth0")) {
      assertThat(found(lb, Check.OFFLOAD))
          .singleElement()
          .hasToString(
              "warning: eth0: the network card merges packets before the program: merged packets "
                  + "are too long, and dropped; run: ethtool -K eth0 lro off");
    }
  }

  @Test
  void offload_hidesVlanTags_isAWarningIfThereAreVlans() {
    host.offloads.add(Surroundings.Offload.RX_VLAN);
    try (LoadBalancer lb = on("eth0")) {
      assertThat(found(lb, Check.OFFLOAD)).isEmpty();
      host.vlans = "eth0.7, eth0.8";
      assertThat(found(lb, Check.OFFLOAD))
          .singleElement()
          .satisfies(each -> assertThat(each.text()).contains("(eth0.7, eth0.8)"))
          .satisfies(each -> assertThat(each.command()).contains("ethtool -K eth0 rxvlan off"));
    }
  }

  /** The kernel takes the larger of two values, and 2 is looser than 1. */
  @ParameterizedTest
  @CsvSource({"0, 0, 0", "1, 0, 1", "0, 1, 1", "2, 1, 0", "1, 2, 0", "2, 2, 0", "1, 1, 1"})
  void wayBack_reversePathFilter_isTheLargerOfTwo(String all, String own, int warnings) {
    host.settings.put("net.ipv4.conf.all.rp_filter", all);
    host.settings.put("net.ipv4.conf.eth0/7.rp_filter", own);
    try (LoadBalancer lb = on("eth0.7")) {
      lb.put(REWRITING);
      assertThat(found(lb, Check.WAY_BACK)).hasSize(warnings);
    }
  }

  @Test
  void wayBack_interfaceNameWithADot_isWrittenWithASlash() {
    host.settings.put("net.ipv4.conf.eth0/7.accept_local", "0");
    try (LoadBalancer lb = on("eth0.7")) {
      lb.put(REWRITING);
      assertThat(found(lb, Check.WAY_BACK))
          .singleElement()
          .satisfies(each ->
              assertThat(each.command()).contains("sysctl -w net.ipv4.conf.eth0/7.accept_local=1"));
    }
  }

  @Test
  void finding_isAValue() {
    Finding finding =
        Finding.of(Severity.ERROR, Check.NEXT_HOP, "no next hop")
            .about(BackendKey.of("10.0.0.1", 80))
            .about(REWRITING.key())
            .mendedBy("mend it");
    assertThat(finding)
        .hasToString("error: tcp 203.0.113.10:443: backend 10.0.0.1:80: no next hop; run: mend it")
        .isEqualTo(
            Finding.of(Severity.ERROR, Check.NEXT_HOP, "no next hop")
                .about(REWRITING.key())
                .about(BackendKey.of("10.0.0.1", 80))
                .mendedBy("mend it"))
        .isNotEqualTo(finding.mendedBy("mend it well"))
        .isNotEqualTo(finding.about("eth0"));
    assertThat(finding.backend()).contains(BackendKey.of("10.0.0.1", 80));
    assertThat(finding.vip()).contains(REWRITING.key());
    assertThat(finding.interfaceName()).isEmpty();
  }

  @Test
  void requirements_ofEachKind_nameWhatItNeeds() {
    assertThat(String.join("\n", Forwarding.ipip().requirements()))
        .contains("Decapsulator", "VIP's address", "20 bytes", "40");
    assertThat(String.join("\n", Forwarding.gue().requirements()))
        .contains("Decapsulator", "fou", "sourceAddress", "28 bytes", "48");
    assertThat(String.join("\n", Forwarding.rewrite().requirements()))
        .contains("ip_forward=1", "gateway", "SourceRestorer")
        .doesNotContain("Decapsulator");
    assertThat(String.join("\n", Forwarding.direct().requirements()))
        .contains("on link", "dev lo", "arp_ignore=1", "arp_announce=2");
  }
}
