package dev.katran.internal.dataplane.kernel;

import static dev.katran.internal.dataplane.DataplaneContract.CLIENT4;
import static dev.katran.internal.dataplane.DataplaneContract.HOP;
import static dev.katran.internal.dataplane.DataplaneContract.NO_FLAGS;
import static dev.katran.internal.dataplane.DataplaneContract.VIP4;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Resources;
import com.google.common.net.InetAddresses;
import dev.katran.Decapsulation;
import dev.katran.Prefix;
import dev.katran.TrafficClass;
import dev.katran.ffm.BpfProgram;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.DataplaneContract;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Packet;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The program loads for any combination of features, and features that are not in use cost nothing.
 */
@NeedsKernel
@Tag("unemulated") // too many verifications for an emulator, and its timings are meaningless
class SpecialisationTest {

  private static final double TOLERANCE = 1.05;
  private static final int ATTEMPTS = 10;
  private static final int FRAMES = 20_000;

  private static final ValueLayout.OfShort PORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int SOURCE_PORT = 14 + 20;

  /** A feature that the program can be loaded for. */
  private record Feature(
      String name, Features features, UnaryOperator<DataplaneConfig> configuration) {}

  private static final List<Feature> FEATURES =
      List.of(
          flag("local delivery", VipFlags.LOCAL),
          flag("QUIC", VipFlags.QUIC),
          flag("UDP stable routing", VipFlags.UDP_STABLE_ROUTING),
          flag("UDP flow migration", VipFlags.UDP_FLOW_MIGRATION),
          flag("source routing", VipFlags.SOURCE_ROUTING),
          flag("tracking", VipFlags.TRACKED),
          flag("watching", VipFlags.WATCHED),
          new Feature("GUE", new Features(0, true, false), config -> config),
          new Feature(
              "rewriting", new Features(0, false, false, false, true, false), config -> config),
          new Feature(
              "direct delivery",
              new Features(0, false, false, false, false, true),
              config -> config),
          new Feature("prefix VIPs", new Features(0, false, true), config -> config),
          configured("packet too big", config -> config.with(c -> c.sendPacketTooBig = true)),
          configured("TCP server ids", config -> config.with(c -> c.tcpServerIds = true)),
          configured(
              "decapsulation", config -> config.with(c -> c.decapsulation = Decapsulation.ANY)),
          configured(
              "strict decapsulation",
              config -> config.with(c -> c.decapsulation = Decapsulation.STRICT)),
          configured(
              "fixed TOS", config -> config.with(c -> c.trafficClass = TrafficClass.fixed(8))),
          configured("flow tables per CPU", SpecialisationTest::withFlowTablesPerCpu));

  private static Feature flag(String name, int flag) {
    return new Feature(name, new Features(flag, false, false), config -> config);
  }

  private static Feature configured(String name, UnaryOperator<DataplaneConfig> configuration) {
    return new Feature(name, Features.NONE, configuration);
  }

  private static DataplaneConfig withFlowTablesPerCpu(DataplaneConfig config) {
    return config.with(c ->
        c.flowTableCpus =
            ImmutableList.of(new DataplaneConfig.FlowTableCpu(0, OptionalInt.empty())));
  }

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(DataplaneContract.CONFIG.limits().flowTableSize(4096));

  /** Loads the program for these features and returns the number of verified instructions. */
  private static int instructions(List<Feature> all) {
    Features features = all.stream().map(Feature::features).reduce(Features.NONE, Features::and);
    DataplaneConfig config = CONFIG;
    for (Feature feature : all) {
      config = feature.configuration().apply(config);
    }
    try (KernelTables tables = new KernelTables(config);
        KernelProgram program = KernelProgram.load(config, features, tables)) {
      return program.instructions();
    }
  }

  @Test
  void load_everyFeaturePairAndAll_verifies() {
    int none = instructions(List.of());
    int all = instructions(FEATURES);
    System.out.printf("instructions: %d without features, %d with all%n", none, all);
    for (int i = 0; i < FEATURES.size(); i++) {
      Feature one = FEATURES.get(i);
      int alone = instructions(List.of(one));
      System.out.printf("instructions: %d for %s%n", alone, one.name());
      assertThat(alone).as(one.name()).isLessThan(all);
      for (Feature other : FEATURES.subList(i + 1, FEATURES.size())) {
        assertThat(instructions(List.of(one, other)))
            .as("%s and %s", one.name(), other.name())
            .isLessThan(all);
      }
    }
  }

  @Test
  void load_rulesForTunnelsWithoutDecapsulation_loadsNoFeature() {
    Feature rules =
        configured(
            "rules for tunnels",
            config ->
                config.with(c -> {
                  c.tunnelSources = ImmutableList.of(Prefix.of("172.16.0.0/16"));
                  c.innerVipsOnly = true;
                }));

    assertThat(instructions(List.of(rules))).isEqualTo(instructions(List.of()));
  }

  @Test
  void run_noFeatures_isAsFastAsAProgramWithoutThem() throws IOException {
    byte[] plainObject =
        Resources.toByteArray(Resources.getResource("dev/katran/golden/plain.bpf.o"));
    try (KernelDataplane dataplane = KernelDataplane.detached(CONFIG);
        KernelProgram plain =
            KernelProgram.load(plainObject, CONFIG, Features.NONE, dataplane.tables())) {
      int instructions = dataplane.loaded().instructions();
      System.out.printf(
          "instructions: %d with all features off, %d compiled without them%n",
          instructions, plain.instructions());
      assertThat((double) instructions).isLessThanOrEqualTo(TOLERANCE * plain.instructions());

      dataplane.backends().put(1, new BackendEntry(InetAddresses.forString("10.0.0.1"), HOP));
      int[] slots = new int[CONFIG.limits().ringSize()];
      Arrays.fill(slots, 1);
      dataplane.rings().put(0, slots);
      dataplane.vips().put(DataplaneContract.tcp(VIP4, 443), new VipEntry(0, NO_FLAGS));
      double least = Double.MAX_VALUE;
      for (int attempt = 0; attempt < ATTEMPTS && least > TOLERANCE; attempt++) {
        double ratio = ratio(dataplane.loaded().program(), plain.program());
        System.out.printf("time per packet, same comparison: ratio %.3f%n", ratio);
        least = Math.min(least, ratio);
      }
      assertThat(least).isLessThanOrEqualTo(TOLERANCE);
    }
  }

  /** Returns the ratio of the time per packet of two programs, run alternately. */
  private static double ratio(BpfProgram one, BpfProgram other) {
    int[] ones = new int[FRAMES];
    int[] others = new int[FRAMES];
    try (Arena arena = Arena.ofConfined()) {
      byte[] packet = Packet.tcp(CLIENT4, 1024, VIP4, 443).frame();
      MemorySegment frame = arena.allocateFrom(ValueLayout.JAVA_BYTE, packet);
      for (int i = 0; i < FRAMES; i++) {
        frame.set(PORT, SOURCE_PORT, (short) (1024 + i));
        // the second run benefits from a warm cache, so the order alternates
        if (i % 2 == 0) {
          ones[i] = one.run(frame, packet.length, null, null).nanos();
        }
        others[i] = other.run(frame, packet.length, null, null).nanos();
        if (i % 2 != 0) {
          ones[i] = one.run(frame, packet.length, null, null).nanos();
        }
      }
    }
    return trimmedMean(ones) / trimmedMean(others);
  }

  /** Returns the mean without the slowest tenth, which interrupts dominate. */
  private static double trimmedMean(int[] nanos) {
    return Arrays.stream(nanos).sorted().limit(nanos.length * 9L / 10).average().orElseThrow();
  }
}
