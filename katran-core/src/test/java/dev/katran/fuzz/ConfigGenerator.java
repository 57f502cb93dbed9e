package dev.katran.fuzz;

import com.google.common.collect.ImmutableList;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.TrafficClass;
import dev.katran.dataplane.DataplaneConfig;
import dev.katran.dataplane.FlowRules;
import dev.katran.dataplane.GueConfig;
import dev.katran.packets.Dice;
import java.time.Duration;
import java.util.List;
import java.util.function.UnaryOperator;

/** Configurations of all kinds. */
final class ConfigGenerator {

  /** More than there are frames in a round: nothing is forgotten for want of room. */
  private static final int FLOWS = 1 << 16;

  // time is not the same for both dataplanes: there is enough of everything, or never any

  /** More flows than can be new in a second. */
  static final int ANY_NUMBER = Integer.MAX_VALUE;

  /** More than a round takes. */
  static final Duration LONG = Duration.ofDays(1);

  /** What may be left out of a configuration. */
  static final List<UnaryOperator<DataplaneConfig>> SIMPLIFICATIONS =
      List.of(
          config ->
              config.decapsulation() == Decapsulation.STRICT
                  ? config.withDecapsulation(Decapsulation.ANY)
                  : config,
          config -> config.withDecapsulation(Decapsulation.OFF),
          config -> config.withTrafficClass(TrafficClass.copied()),
          config -> config.withFlowRules(new FlowRules(ANY_NUMBER, LONG, LONG)),
          config -> with(config, config.limits(), false, config.tcpServerIds()),
          config -> with(config, config.limits(), config.answerTooBig(), false));

  private ConfigGenerator() {}

  static DataplaneConfig next(Dice dice) {
    Limits limits =
        new Limits(
            dice.pick(16, 64, 512),
            /* backends= */ 16,
            dice.pick(1031, 1031, 251, 13),
            dice.pick(1514, 1514, 1514, 590, 1498, 3000),
            FLOWS,
            /* serverIds= */ 1024,
            /* sourceRoutes= */ 1024);
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
            dice.oneIn(6) ? 0 : ANY_NUMBER,
            dice.oneIn(6) ? Duration.ZERO : LONG,
            /* changeWindow= */ LONG));
  }

  private static GueConfig gue(Dice dice) {
    GueConfig gue = GueConfig.NONE.withPort(dice.pick(GueConfig.DEFAULT_PORT, 9886, 443));
    if (!dice.oneIn(4)) {
      gue = gue.withSource(Playground.SOURCE_V4);
    }
    if (!dice.oneIn(4)) {
      gue = gue.withSource(Playground.SOURCE_V6);
    }
    return gue;
  }

  /** The same with room for so many flows. */
  static DataplaneConfig withFlows(DataplaneConfig config, int flows) {
    return with(config, config.limits().flows(flows), config.answerTooBig(), config.tcpServerIds());
  }

  private static DataplaneConfig with(
      DataplaneConfig config, Limits limits, boolean answerTooBig, boolean tcpServerIds) {
    return new DataplaneConfig(
        limits,
        answerTooBig,
        config.gue(),
        config.trafficClass(),
        tcpServerIds,
        config.decapsulation(),
        config.flowTableCpus(),
        config.flowRules());
  }
}
