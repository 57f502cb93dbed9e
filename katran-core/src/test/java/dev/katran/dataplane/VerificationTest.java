package dev.katran.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.net.InetAddresses;
import dev.katran.Decapsulation;
import dev.katran.Footprint;
import dev.katran.Limits;
import dev.katran.TrafficClass;
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
 * The running kernel's verifier takes the program, whatever it is loaded for; each test prints what
 * that costs.
 */
@NeedsKernel
class VerificationTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults())
          .withGue(
              new GueConfig(
                  GueConfig.DEFAULT_PORT,
                  (Inet4Address) InetAddresses.forString("10.0.0.2"),
                  (Inet6Address) InetAddresses.forString("fd00::2")));
  private static final ImmutableList<DataplaneConfig.FlowTableCpu> ONE_CPU =
      ImmutableList.of(new DataplaneConfig.FlowTableCpu(0, OptionalInt.empty()));

  private static final Map<Use, Footprint> FOOTPRINTS = new ConcurrentHashMap<>();

  static final Use NOTHING = new Use("nothing", Features.NONE, CONFIG);
  private static final Use TRACKING = withFlags("flow table", VipFlags.TRACKED);

  /** What the program is loaded for. */
  record Use(String name, Features features, DataplaneConfig config) {

    Footprint load() {
      try (Dataplane dataplane = KernelDataplane.detached(config)) {
        dataplane.use(features);
        return dataplane.footprint();
      }
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** Nothing, and each thing alone. All at once are tried where no emulator takes the time. */
  static Stream<Use> uses() {
    return Stream.of(
        NOTHING,
        new Use("GUE", new Features(0, true, false), CONFIG),
        new Use("VIPs of prefixes", new Features(0, false, true), CONFIG),
        withFlags("local backends", VipFlags.LOCAL),
        withFlags("QUIC", VipFlags.QUIC),
        withFlags("UDP stable routing", VipFlags.UDP_STABLE_ROUTING),
        TRACKING,
        withFlags("flow table, UDP flow migration", VipFlags.TRACKED | VipFlags.UDP_FLOW_MIGRATION),
        withFlags("flow table, watched", VipFlags.TRACKED | VipFlags.WATCHED),
        new Use(
            "flow table for each CPU",
            new Features(VipFlags.TRACKED, false, false),
            CONFIG.withFlowTableCpus(ONE_CPU)),
        withFlags("source routing", VipFlags.SOURCE_ROUTING),
        withConfig("answers to who sends too much", CONFIG.withAnswerTooBig()),
        withConfig("TCP server ids", CONFIG.withTcpServerIds()),
        withConfig("fixed class", CONFIG.withTrafficClass(TrafficClass.fixed(0x20))),
        withConfig("decapsulation", CONFIG.withDecapsulation(Decapsulation.ANY)),
        withConfig("strict decapsulation", CONFIG.withDecapsulation(Decapsulation.STRICT)));
  }

  private static Use withFlags(String name, int vipFlags) {
    return new Use(name, new Features(vipFlags, false, false), CONFIG);
  }

  private static Use withConfig(String name, DataplaneConfig config) {
    return new Use(name, Features.NONE, config);
  }

  @ParameterizedTest
  @MethodSource("uses")
  void theProgramLoadsForAnyUse(Use use) {
    Footprint footprint = footprintOf(use);

    System.out.printf(
        "Linux %s verified the program for %s: %d instructions in %d us%n",
        System.getProperty("os.version"),
        use,
        footprint.instructions(),
        footprint.verification().toNanos() / 1000);
    assertThat(footprint.instructions()).isPositive();
    assertThat(footprint.verification()).isPositive();
  }

  @Test
  void whatIsNotUsedIsNotThere() {
    assertThat(footprintOf(TRACKING).instructions())
        .isGreaterThan(footprintOf(NOTHING).instructions() * 4 / 3);
  }

  /** Verifying takes long on an emulated machine: it is done once. */
  private static Footprint footprintOf(Use use) {
    return FOOTPRINTS.computeIfAbsent(use, Use::load);
  }
}
