package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.net.InetAddresses;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.TrafficClass;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.dataplane.ResourceUsage;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.needs.NeedsKernel;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The running kernel's verifier accepts the program for each use. Prints the instructions and the
 * verification time.
 */
@NeedsKernel
class VerificationTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults())
          .with(c ->
              c.gue =
                  new GueConfig(
                      GueConfig.DEFAULT_PORT,
                      (Inet4Address) InetAddresses.forString("10.0.0.2"),
                      (Inet6Address) InetAddresses.forString("fd00::2"),
                      /* dynamicSourcePorts= */ false));
  private static final ImmutableList<DataplaneConfig.FlowTableCpu> ONE_CPU =
      ImmutableList.of(new DataplaneConfig.FlowTableCpu(0, OptionalInt.empty()));

  private static final Map<Use, ResourceUsage> USAGES = new ConcurrentHashMap<>();

  static final Use NO_FEATURE = new Use("no feature", Features.NONE, CONFIG);
  private static final Use LOCAL = withFlags("local backends", VipFlags.LOCAL);
  private static final Use TRACKED = withFlags("flow table", VipFlags.TRACKED);

  private static final Use EVERYTHING =
      new Use(
          "everything at once",
          Features.ALL,
          CONFIG.with(c -> {
            c.sendPacketTooBig = true;
            c.tcpServerIds = true;
            c.trafficClass = TrafficClass.fixed(0x20);
            c.decapsulation = Decapsulation.STRICT;
            c.flowTableCpus = ONE_CPU;
          }));

  /** The features and configuration that the program is loaded for. */
  record Use(String name, Features features, DataplaneConfig config) {

    ResourceUsage load() {
      try (Dataplane dataplane = KernelDataplane.detached(config)) {
        dataplane.program().use(features);
        return dataplane.resources();
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /**
   * Returns no feature, each feature alone, and the combinations that take the verifier most
   * instructions. {@link SpecialisationTest} tries more of them, which take too long in an
   * emulator.
   */
  static Stream<Use> uses() {
    return Stream.of(
        NO_FEATURE,
        new Use("GUE", new Features(0, true, false), CONFIG),
        new Use("rewriting", new Features(0, false, false, false, true, false), CONFIG),
        new Use("direct delivery", new Features(0, false, false, false, false, true), CONFIG),
        new Use("prefix VIPs", new Features(0, false, true), CONFIG),
        LOCAL,
        withFlags("QUIC", VipFlags.QUIC),
        withFlags("UDP stable routing", VipFlags.UDP_STABLE_ROUTING),
        TRACKED,
        withFlags("flow table, UDP flow migration", VipFlags.TRACKED | VipFlags.UDP_FLOW_MIGRATION),
        withFlags("flow table, watched", VipFlags.TRACKED | VipFlags.WATCHED),
        new Use(
            "flow table per CPU",
            new Features(VipFlags.TRACKED, false, false),
            CONFIG.with(c -> c.flowTableCpus = ONE_CPU)),
        withFlags("source routing", VipFlags.SOURCE_ROUTING),
        withConfig("packet too big", CONFIG.with(c -> c.sendPacketTooBig = true)),
        withConfig("TCP server ids", CONFIG.with(c -> c.tcpServerIds = true)),
        withConfig(
            "fixed traffic class", CONFIG.with(c -> c.trafficClass = TrafficClass.fixed(0x20))),
        withConfig("decapsulation", CONFIG.with(c -> c.decapsulation = Decapsulation.ANY)),
        withConfig(
            "strict decapsulation", CONFIG.with(c -> c.decapsulation = Decapsulation.STRICT)),
        new Use("a change", new Features(0, false, false, true), CONFIG),
        new Use(
            "flow table, QUIC, UDP flow migration, a change",
            new Features(
                VipFlags.TRACKED | VipFlags.QUIC | VipFlags.UDP_FLOW_MIGRATION, false, false, true),
            CONFIG),
        EVERYTHING);
  }

  private static Use withFlags(String name, int vipFlags) {
    return new Use(name, new Features(vipFlags, false, false), CONFIG);
  }

  private static Use withConfig(String name, DataplaneConfig config) {
    return new Use(name, Features.NONE, config);
  }

  @ParameterizedTest
  @MethodSource("uses")
  void load_eachUse_verifies(Use use) {
    ResourceUsage usage = usageOf(use);

    System.out.printf(
        "Linux %s verified the program for %s: %d instructions in %d us%n",
        System.getProperty("os.version"),
        use,
        usage.instructions(),
        usage.verificationTime().toNanos() / 1000);
    assertThat(usage.instructions()).isPositive();
    assertThat(usage.verificationTime()).isPositive();
  }

  @Test
  void load_unusedFeature_isRemovedFromTheProgram() {
    assertThat(usageOf(EVERYTHING).instructions()).isGreaterThan(usageOf(LOCAL).instructions() * 2);
  }

  /** Returns the cached usage; verification is slow in an emulator. */
  private static ResourceUsage usageOf(Use use) {
    return USAGES.computeIfAbsent(use, Use::load);
  }
}
