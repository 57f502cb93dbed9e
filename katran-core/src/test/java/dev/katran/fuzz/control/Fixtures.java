package dev.katran.fuzz.control;

import com.google.common.net.InetAddresses;
import dev.katran.Backend;
import dev.katran.Flow;
import dev.katran.Limits;
import dev.katran.Protocol;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.FlowRules;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.time.Duration;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The VIPs, backends and clients that all steps are drawn from. The sets are small so that flows
 * and changes often affect each other.
 */
final class Fixtures {

  /** Small, so that many flows share a slot. */
  private static final int RING_SIZE = 31;

  /** So large that no bucket is full after two floods. */
  private static final int FLOW_TABLE_SIZE = 1 << 16;

  static final Limits LIMITS =
      Limits.defaults().vips(16).backends(32).ringSize(RING_SIZE).flowTableSize(FLOW_TABLE_SIZE);

  static final Duration WINDOW = FlowRules.DEFAULT.changeWindow();

  /** The UDP idle timeout of VIPs with {@link Tracking#ALWAYS}. */
  static final Duration UDP_IDLE = FlowRules.DEFAULT.udpIdle();

  /** The unit of all durations. It is large so that the time a step really takes is irrelevant. */
  static final Duration UNIT = Duration.ofSeconds(10);

  static final List<Integer> IDLE_UNITS = List.of(1, 9, 18, 27, 36, 90);

  /** Change windows of single VIPs. */
  static final List<Integer> WINDOW_UNITS = List.of(2, 12, 60);

  /** No change takes longer, and no flow entry is valid for longer. */
  static final Duration LONG = Duration.ofDays(2);

  static final List<Backend> BACKENDS =
      Stream.of("10.0.0.1", "10.0.0.2", "10.0.0.3", "fc00::4", "fc00::5", "10.0.0.6")
          .map(Backend::of)
          .toList();

  /** VIPs without backends. */
  static final List<Vip> VIPS =
      List.of(
          Vip.tcp("203.0.113.10", 443).build(),
          Vip.tcp("203.0.113.10", 80).build(),
          Vip.udp("203.0.113.10", 443).build(),
          Vip.tcp("2001:db8:5::10", 443).build(),
          Vip.tcp("203.0.113.11", 443).tracking(Tracking.NONE).build(),
          Vip.tcp("203.0.113.12", 443).tracking(Tracking.ALWAYS).build(),
          Vip.udp("203.0.113.12", 53).tracking(Tracking.ALWAYS).build());

  /** The VIPs that may receive a SYN flood. */
  static final List<Vip> FLOODABLE =
      VIPS.stream()
          .filter(vip -> vip.protocol() == Protocol.TCP && vip.tracking() == Tracking.ADAPTIVE)
          .toList();

  private static final List<InetAddress> CLIENTS_V4 = addresses("198.51.100.7", "198.51.100.8");
  private static final List<InetAddress> CLIENTS_V6 = addresses("2001:db8:c::7", "2001:db8:c::8");
  private static final InetAddress ATTACKER_V4 = InetAddresses.forString("192.0.2.66");
  private static final InetAddress ATTACKER_V6 = InetAddresses.forString("2001:db8:bad::66");
  private static final int FIRST_PORT = 2000;
  private static final int PORTS = 20;

  private Fixtures() {}

  private static List<InetAddress> addresses(String... literals) {
    return Stream.of(literals).map(InetAddresses::forString).toList();
  }

  /** Returns all flows to a VIP except those of a flood. */
  static List<Flow> flows(VipKey vip) {
    return (isIpv6(vip) ? CLIENTS_V6 : CLIENTS_V4)
        .stream()
            .flatMap(client ->
                IntStream.range(FIRST_PORT, FIRST_PORT + PORTS)
                    .mapToObj(port -> flow(client, port, vip)))
            .toList();
  }

  /** Returns the flow of a SYN flood with the given source port. */
  static Flow attack(VipKey vip, int port) {
    return flow(isIpv6(vip) ? ATTACKER_V6 : ATTACKER_V4, port, vip);
  }

  static boolean isAttack(Flow flow) {
    return flow.source().equals(ATTACKER_V4) || flow.source().equals(ATTACKER_V6);
  }

  private static boolean isIpv6(VipKey vip) {
    return vip.address() instanceof Inet6Address;
  }

  private static Flow flow(InetAddress client, int port, VipKey vip) {
    return new Flow(client, port, vip.address(), vip.port(), vip.protocol());
  }

  /** Returns the key of the VIP that a flow is addressed to; the VIP need not be installed. */
  static VipKey vipOf(Flow flow) {
    return VipKey.of(flow.protocol(), flow.destination(), flow.destinationPort());
  }

  static boolean isTcp(Flow flow) {
    return flow.protocol() == Protocol.TCP;
  }
}
