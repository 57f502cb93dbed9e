package dev.katran.fuzz;

import com.google.common.collect.ImmutableList;
import com.google.common.net.InetAddresses;
import dev.katran.Decapsulation;
import dev.katran.Limits;
import dev.katran.TrafficClass;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.FlowRules;
import dev.katran.internal.dataplane.FlowSecret;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.dataplane.IpipSources;
import dev.katran.internal.net.MacAddress;
import dev.katran.packets.Dice;
import dev.katran.packets.Packet;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;

/** Generates random configurations. */
final class ConfigGenerator {

  /** More entries than a workload has frames, so that no flow is evicted. */
  private static final int FLOWS = 1 << 16;

  /** So few that some buckets are full. No entry may be evicted in the first second. */
  private static final int FEW_FLOWS = 1024;

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
          config -> config.with(c -> c.copyDontFragment = false),
          config -> config.with(c -> c.ipipSources = IpipSources.DEFAULT),
          config -> config.with(c -> c.answersPerSecond = UNLIMITED),
          config -> config.with(c -> c.own = null),
          config -> config.with(c -> c.tunnelSources = ImmutableList.of()),
          config -> config.with(c -> c.innerVipsOnly = false),
          config -> config.with(c -> c.gue = c.gue.withDynamicSourcePorts(false)),
          config -> config.with(c -> c.sendPacketTooBig = false),
          config -> config.with(c -> c.tcpServerIds = false));

  private static final IpipSources IPIP_SOURCES =
      new IpipSources(
          (Inet4Address) InetAddresses.forString("10.99.0.0"),
          (Inet6Address) InetAddresses.forString("fd00:99::"));

  /** The destination of most frames. */
  private static final DataplaneConfig.OwnInterface OWN =
      new DataplaneConfig.OwnInterface(
          DataplaneConfig.OwnInterface.TEST_RUN,
          new MacAddress(HexFormat.fromHexDigitsToLong(Packet.BALANCER_MAC)));

  /** The same in each run, so that a seed yields the same entries. */
  private static final FlowSecret SECRET = FlowSecret.of(new Random(1));

  private ConfigGenerator() {}

  static DataplaneConfig next(Dice dice) {
    Limits limits =
        Limits.defaults()
            .vips(dice.pick(16, 64, 512))
            .hashSeed(dice.pick(16, 64, 512))
            .backends(16)
            .ringSize(dice.pick(1031, 1031, 251, 13))
            .maxPacketSize(dice.pick(1514, 1514, 1514, 590, 1498, 3000))
            .flowTableSize(dice.oneIn(6) ? FEW_FLOWS : FLOWS)
            .serverIds(1024)
            .sourceRoutes(1024);
    DataplaneConfig.Builder config = new DataplaneConfig.Builder(limits);
    config.sendPacketTooBig = dice.coin();
    config.gue = gue(dice);
    config.trafficClass = dice.oneIn(4) ? TrafficClass.fixed(dice.bits(8)) : TrafficClass.copied();
    config.tcpServerIds = dice.coin();
    config.decapsulation =
        switch (dice.below(4)) {
          case 0 -> Decapsulation.OFF;
          case 1 -> Decapsulation.STRICT;
          default -> Decapsulation.ANY;
        };
    config.flowRules =
        new FlowRules(
            dice.oneIn(6) ? 0 : UNLIMITED,
            dice.oneIn(6) ? Duration.ZERO : LONG,
            /* changeWindow= */ LONG);
    config.flowSecret = SECRET;
    config.copyDontFragment = dice.coin();
    config.ipipSources = dice.oneIn(4) ? IPIP_SOURCES : IpipSources.DEFAULT;
    config.answersPerSecond = dice.oneIn(6) ? 0 : UNLIMITED;
    config.tunnelSources = dice.oneIn(3) ? Universe.TUNNEL_SOURCES : ImmutableList.of();
    config.innerVipsOnly = dice.oneIn(3);
    config.own = dice.oneIn(6) ? OWN : null;
    return config.build();
  }

  private static GueConfig gue(Dice dice) {
    GueConfig gue = GueConfig.NONE.withPort(dice.pick(GueConfig.DEFAULT_PORT, 9886, 443));
    gue = gue.withDynamicSourcePorts(dice.oneIn(4));
    if (!dice.oneIn(4)) {
      gue = gue.withSource(Universe.SOURCE_V4);
    }
    if (!dice.oneIn(4)) {
      gue = gue.withSource(Universe.SOURCE_V6);
    }
    return gue;
  }
}
