package dev.katran.fuzz;

import com.google.common.collect.ImmutableList;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.TrafficClass;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowRules;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.packets.Dice;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/** Generates random configurations. */
final class ConfigGenerator {

  /** More entries than a workload has frames, so that no flow is evicted. */
  private static final int FLOWS = 1 << 16;

  // The dataplanes do not share a clock, so limits that depend on time are either unreachable or 0.

  /** A limit of new flows per second that is never reached. */
  static final int UNLIMITED = Integer.MAX_VALUE;

  /** A duration that is longer than any workload runs. */
  static final Duration LONG = Duration.ofDays(1);

  /** Steps that simplify a configuration, for shrinking. */
  static final List<UnaryOperator<DataplaneConfig>> SIMPLIFICATIONS =
      List.of(
          config ->
              config.decapsulation() == Decapsulation.STRICT
                  ? config.with(c -> c.decapsulation = Decapsulation.ANY)
                  : config,
          config -> config.with(c -> c.decapsulation = Decapsulation.OFF),
          config -> config.with(c -> c.trafficClass = TrafficClass.copied()),
          config -> config.with(c -> c.flowRules = new FlowRules(UNLIMITED, LONG, LONG)),
          config -> config.with(c -> c.sendPacketTooBig = false),
          config -> config.with(c -> c.tcpServerIds = false));

  private ConfigGenerator() {}

  static DataplaneConfig next(Dice dice) {
    Limits limits =
        Limits.defaults()
            .vips(dice.pick(16, 64, 512))
            .hashSeed(dice.pick(16, 64, 512))
            .backends(16)
            .ringSize(dice.pick(1031, 1031, 251, 13))
            .maxPacketSize(dice.pick(1514, 1514, 1514, 590, 1498, 3000))
            .flowTableSize(FLOWS)
            .serverIds(1024)
            .sourceRoutes(1024);
    return new DataplaneConfig(
        limits,
        dice.coin(),
        gue(dice),
        dice.oneIn(4) ? TrafficClass.fixed(dice.bits(8)) : TrafficClass.copied(),
        dice.coin(),
        switch (dice.below(4)) {
          case 0 -> Decapsulation.OFF;
          case 1 -> Decapsulation.STRICT;
          default -> Decapsulation.ANY;
        },
        ImmutableList.of(),
        new FlowRules(
            dice.oneIn(6) ? 0 : UNLIMITED,
            dice.oneIn(6) ? Duration.ZERO : LONG,
            /* changeWindow= */ LONG));
  }

  private static GueConfig gue(Dice dice) {
    GueConfig gue = GueConfig.NONE.withPort(dice.pick(GueConfig.DEFAULT_PORT, 9886, 443));
    if (!dice.oneIn(4)) {
      gue = gue.withSource(Universe.SOURCE_V4);
    }
    if (!dice.oneIn(4)) {
      gue = gue.withSource(Universe.SOURCE_V6);
    }
    return gue;
  }

  /** Returns a configuration with another size of the flow table. */
  static DataplaneConfig withFlows(DataplaneConfig config, int flows) {
    return config.with(c -> c.limits = config.limits().flowTableSize(flows));
  }
}
