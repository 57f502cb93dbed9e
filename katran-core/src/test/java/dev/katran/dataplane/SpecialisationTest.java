package dev.katran.dataplane;

import static dev.katran.dataplane.DataplaneContract.CLIENT4;
import static dev.katran.dataplane.DataplaneContract.HOP;
import static dev.katran.dataplane.DataplaneContract.NO_FLAGS;
import static dev.katran.dataplane.DataplaneContract.VIP4;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableList;
import com.google.common.io.Resources;
import com.google.common.net.InetAddresses;
import dev.katran.Decapsulation;
import dev.katran.TrafficClass;
import dev.katran.ffm.BpfProgram;
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

/** The program is loaded for the features in use: in any combination, and at no cost to others. */
@NeedsKernel
@Tag("unemulated") // a hundred verifications take long there, and times tell nothing
class SpecialisationTest {

  private static final double TOLERANCE = 1.05;
  private static final int ATTEMPTS = 10;
  private static final int FRAMES = 20_000;

  private static final ValueLayout.OfShort PORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
  private static final int SOURCE_PORT = 14 + 20;

  /** Something that a program may be loaded for. */
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
          new Feature("prefix VIPs", new Features(0, false, true), config -> config),
          configured("answers to what is too big", DataplaneConfig::withAnswerTooBig),
          configured("TCP server ids", DataplaneConfig::withTcpServerIds),
          configured("tunnels' ends", config -> config.withDecapsulation(Decapsulation.ANY)),
          configured("strict tunnels' ends", c -> c.withDecapsulation(Decapsulation.STRICT)),
          configured("fixed TOS", config -> config.withTrafficClass(TrafficClass.fixed(8))),
          configured("flow tables of CPUs", SpecialisationTest::withFlowTablesOfCpus));

  private static Feature flag(String name, int flag) {
    return new Feature(name, new Features(flag, false, false), config -> config);
  }

  private static Feature configured(String name, UnaryOperator<DataplaneConfig> configuration) {
    return new Feature(name, Features.NONE, configuration);
  }

  private static DataplaneConfig withFlowTablesOfCpus(DataplaneConfig config) {
    return config.withFlowTableCpus(
        ImmutableList.of(new DataplaneConfig.FlowTableCpu(0, OptionalInt.empty())));
  }

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(DataplaneContract.CONFIG.limits().flows(4096));

  /** Has the kernel verify the program for these features. */
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
  void everyFeatureAloneAndEveryPairAndAllTogetherAreVerified() {
    int none = instructions(List.of());
    int all = instructions(FEATURES);
    System.out.printf("instructions: %d for no feature, %d for all%n", none, all);
    for (int i = 0; i < FEATURES.size(); i++) {
      Feature one = FEATURES.get(i);
      int alone = instructions(List.of(one));
      System.out.printf("instructions: %d for %s%n", alone, one.name());
      assertThat(alone).as(one.name()).isBetween(none, all);
      for (Feature other : FEATURES.subList(i + 1, FEATURES.size())) {
        assertThat(instructions(List.of(one, other)))
            .as("%s and %s", one.name(), other.name())
            .isBetween(none, all);
      }
    }
    assertThat(all).isGreaterThan(none);
  }

  @Test
  void aPlainVipPaysNothingForTheCodeOfFeatures() throws IOException {
    byte[] withoutTheirCode =
        Resources.toByteArray(Resources.getResource("dev/katran/golden/plain.bpf.o"));
    try (KernelDataplane dataplane = KernelDataplane.detached(CONFIG);
        KernelProgram plain =
            KernelProgram.load(withoutTheirCode, CONFIG, Features.NONE, dataplane.tables())) {
      int instructions = dataplane.program().instructions();
      System.out.printf(
          "instructions: %d with the features' code off, %d without it%n",
          instructions, plain.instructions());
      assertThat(instructions).isLessThanOrEqualTo(plain.instructions());

      dataplane.putBackend(1, new BackendEntry(InetAddresses.forString("10.0.0.1"), HOP));
      int[] slots = new int[CONFIG.ringSize()];
      Arrays.fill(slots, 1);
      dataplane.putRing(0, slots);
      dataplane.putVip(DataplaneContract.tcp(VIP4, 443), new VipEntry(0, NO_FLAGS));
      double least = Double.MAX_VALUE;
      for (int attempt = 0; attempt < ATTEMPTS && least > TOLERANCE; attempt++) {
        double ratio = ratio(dataplane.program().program(), plain.program());
        System.out.printf("a packet's time, the same comparison: %.3f%n", ratio);
        least = Math.min(least, ratio);
      }
      assertThat(least).isLessThanOrEqualTo(TOLERANCE);
    }
  }

  /** What a packet takes in one program, compared to the other; both are run in turn. */
  private static double ratio(BpfProgram one, BpfProgram other) {
    int[] ones = new int[FRAMES];
    int[] others = new int[FRAMES];
    try (Arena arena = Arena.ofConfined()) {
      byte[] packet = Packet.tcp(CLIENT4, 1024, VIP4, 443).frame();
      MemorySegment frame = arena.allocateFrom(ValueLayout.JAVA_BYTE, packet);
      for (int i = 0; i < FRAMES; i++) {
        frame.set(PORT, SOURCE_PORT, (short) (1024 + i));
        // the second finds in the cache what the first has fetched: so each is first in turn
        if (i % 2 == 0) {
          ones[i] = one.run(frame, packet.length, null, null).nanos();
        }
        others[i] = other.run(frame, packet.length, null, null).nanos();
        if (i % 2 != 0) {
          ones[i] = one.run(frame, packet.length, null, null).nanos();
        }
      }
    }
    return usual(ones) / usual(others);
  }

  /** The mean without the tenth that took longest: interrupts and the like. */
  private static double usual(int[] nanos) {
    return Arrays.stream(nanos).sorted().limit(nanos.length * 9L / 10).average().orElseThrow();
  }
}
