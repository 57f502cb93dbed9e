package dev.katran.fuzz.invariants;

import static dev.katran.fuzz.invariants.Invariant.DECAPSULATION;
import static dev.katran.fuzz.invariants.Invariant.DESTINATION_MAC;
import static dev.katran.fuzz.invariants.Invariant.ECN;
import static dev.katran.fuzz.invariants.Invariant.FOREIGN_MAC;
import static dev.katran.fuzz.invariants.Invariant.FORWARDED;
import static dev.katran.fuzz.invariants.Invariant.GROUP_MAC;
import static dev.katran.fuzz.invariants.Invariant.HOST_TRAFFIC;
import static dev.katran.fuzz.invariants.Invariant.LENGTHS;
import static dev.katran.fuzz.invariants.Invariant.SOURCE_MAC;
import static dev.katran.fuzz.invariants.Invariant.UNCHANGED;
import static dev.katran.fuzz.invariants.Invariant.WELL_FORMED;

import dev.katran.Decapsulation;
import dev.katran.Prefix;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.VipKey;
import dev.katran.fuzz.invariants.Arrival.Ending;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.ReverseKey;
import dev.katran.internal.dataplane.memory.FixedRoutes;
import dev.katran.internal.net.MacAddress;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.pcap4j.util.ByteArrays;

/** Checks what must hold for a frame and its result. */
public final class InvariantChecker {

  private final DataplaneConfig config;
  private final Installed installed;
  private final Arrival arrival;
  private final byte[] frame;
  private final Simulation result;
  private final Findings findings = new Findings();

  private InvariantChecker(
      byte[] frame, Simulation result, DataplaneConfig config, Installed installed) {
    this.config = config;
    this.installed = installed;
    this.frame = frame;
    this.result = result;
    this.arrival = Arrival.of(frame, config, installed);
  }

  /**
   * Returns the invariants that a result breaks.
   *
   * @param frame the frame that came in
   * @param installed what was installed then
   */
  public static List<Broken> check(
      byte[] frame, Simulation result, DataplaneConfig config, Installed installed) {
    InvariantChecker checker = new InvariantChecker(frame, result, config, installed);
    checker.check();
    return checker.findings.list();
  }

  private void check() {
    byte[] after = result.frame();
    if (arrival.isToGroup()) {
      findings.expect(
          result.verdict() == Verdict.PASS && Arrays.equals(frame, after),
          GROUP_MAC,
          "%s of a frame to %s",
          result.verdict(),
          arrival.ethernet().destination());
      return;
    }
    if (config.own() != null && !arrival.isTo(config.own().mac())) {
      findings.expect(
          result.verdict() == Verdict.PASS && Arrays.equals(frame, after),
          FOREIGN_MAC,
          "%s of a frame to %s",
          result.verdict(),
          arrival.ethernet().destination());
      return;
    }
    switch (result.verdict()) {
      case PASS -> checkPassed(after);
      case DROP -> checkDropped(after);
      case TX -> checkSent(after);
    }
  }

  private void checkPassed(byte[] after) {
    switch (arrival.ending()) {
      case NO_IP, BALANCE, PASS -> {
        if (isReversed(after)) {
          return;
        }
        findings.expect(
            Carried.isSame(arrival.last(), after, arrival.wasInTunnel(), /* withTtl= */ true),
            UNCHANGED,
            "after %d tunnels, the passed frame is another one",
            arrival.stages().size() - 1);
        if (arrival.wasInTunnel()) {
          IpPacket packet = Sent.read(after, findings);
          if (packet != null) {
            Carried.checkLeftTunnel(arrival.last(), packet, findings);
          }
        }
      }
      case MALFORMED ->
          findings.expect(
              Arrays.equals(frame, after),
              WELL_FORMED,
              "a tunnel is removed although a length or a version in it is wrong");
      case EGRESS ->
          findings.expect(false, DECAPSULATION, "a packet that must leave the tunnel passes");
      case EXPIRED -> findings.expect(false, DECAPSULATION, "an expired packet passes");
      case REFUSED ->
          findings.expect(false, DECAPSULATION, "a tunnel leads a stranger to the host");
      case CONGESTED ->
          findings.expect(false, ECN, "a packet passes that came through congestion unaware");
    }
  }

  /** Checks an answer that is left to the host and returns true, or returns false for any other. */
  private boolean isReversed(byte[] after) {
    IpPacket came = arrival.last().packet();
    RewriteCheck.Change change =
        arrival.ending() == Ending.BALANCE && came != null ? reversal(came, 0) : null;
    if (change == null
        || Carried.isSame(arrival.last(), after, arrival.wasInTunnel(), /* withTtl= */ true)) {
      return false;
    }
    IpPacket went = Sent.read(after, findings);
    if (went == null || !went.source().equals(change.address())) {
      return false;
    }
    findings.expect(
        Arrays.equals(Arrays.copyOf(frame, Ethernet.TYPE), Arrays.copyOf(after, Ethernet.TYPE)),
        DESTINATION_MAC,
        "the host gets a frame for another one");
    new RewriteCheck(arrival, findings).check(came, went, change);
    return true;
  }

  /** Returns what becomes of the answer of a backend, or null if it is none. */
  private RewriteCheck.@Nullable Change reversal(IpPacket packet, int hops) {
    boolean isRead = packet.isIpv6() || packet.headerLength() == 20;
    Flow flow = isRead && packet.isWellFormed() ? Flow.of(packet) : null;
    if (flow == null || !installed.used().rewrites() || Vips.find(installed, flow) != null) {
      return null;
    }
    Integer number =
        installed.reverse().get(new ReverseKey(flow.source(), flow.sourcePort(), flow.protocol()));
    if (number == null) {
      number = installed.reverse().get(new ReverseKey(flow.source(), 0, flow.protocol()));
    }
    VipKey vip = number == null ? null : installed.addresses().get(number);
    if (vip == null) {
      return null;
    }
    InetAddress address = vip.prefix().map(Prefix::address).orElseGet(vip::address);
    return new RewriteCheck.Change(address, vip.port(), /* isSource= */ true, hops);
  }

  private void checkDropped(byte[] after) {
    // the program may detect these before or after it strips a header, and the buffer is discarded
    if (arrival.ending() != Ending.MALFORMED && arrival.ending() != Ending.CONGESTED) {
      checkIsSomeStage(after);
    }
    findings.expect(!isHostTraffic(), HOST_TRAFFIC, "it is dropped");
  }

  private void checkIsSomeStage(byte[] after) {
    boolean wasInTunnel = false;
    for (Arrival.Stage stage : arrival.stages()) {
      if (Carried.isSame(stage, after, wasInTunnel, /* withTtl= */ false)) {
        return;
      }
      wasInTunnel = true;
    }
    findings.expect(false, UNCHANGED, "the frame is none of those that its tunnels hold");
  }

  /** Returns whether a frame is sound and concerns nothing that is installed here. */
  private boolean isHostTraffic() {
    if (arrival.ending() == Ending.NO_IP) {
      return true;
    }
    IpPacket packet = arrival.last().packet();
    if (arrival.ending() != Ending.BALANCE || arrival.wasInTunnel() || packet == null) {
      return false;
    }
    boolean isTunnelEnd =
        config.decapsulation() != Decapsulation.OFF
            && (installed.tunnelEndpoints().containsKey(packet.destination())
                || Arrival.isOurs(packet, config));
    return !isTunnelEnd
        && !Vips.has(installed, packet.destination())
        && !isUdpOfWrongLength(packet);
  }

  /** A receiver drops such a packet, too. */
  private static boolean isUdpOfWrongLength(IpPacket packet) {
    if (packet.protocol() != IpPacket.UDP || packet.isFragment()) {
      return false;
    }
    int length = ByteArrays.getShort(packet.frame(), packet.payloadStart() + 4) & 0xffff;
    return length < 8 || length > packet.payloadLength();
  }

  private void checkSent(byte[] after) {
    findings.expect(
        after.length >= Ethernet.HEADER, LENGTHS, "the frame has %d bytes", after.length);
    if (after.length < Ethernet.HEADER) {
      return;
    }
    findings.expect(
        !Ethernet.isGroup(Ethernet.read(after).source()),
        SOURCE_MAC,
        "%s is a group address",
        Ethernet.read(after).source());
    switch (arrival.ending()) {
      case NO_IP -> findings.expect(false, FORWARDED, "it is no IP packet");
      case MALFORMED ->
          findings.expect(false, WELL_FORMED, "the headers do not describe the frame");
      case PASS -> findings.expect(false, DECAPSULATION, "a packet is sent that must pass");
      case EXPIRED -> findings.expect(false, DECAPSULATION, "an expired packet is sent");
      case REFUSED -> findings.expect(false, DECAPSULATION, "a packet for no VIP is sent");
      case CONGESTED ->
          findings.expect(false, ECN, "a packet is sent that came through congestion unaware");
      case EGRESS -> new AnswerCheck(config, installed, arrival, after, findings).checkEgress();
      case BALANCE -> {
        if (arrival.last().packet() != null) {
          checkBalanced(after, arrival.last().packet());
        }
      }
    }
  }

  private void checkBalanced(byte[] after, IpPacket packet) {
    AnswerCheck answer = new AnswerCheck(config, installed, arrival, after, findings);
    if (Flow.isEchoRequest(packet)) {
      answer.checkEchoReply(packet);
    } else if (reversal(packet, 1) != null) { // for no VIP, so nothing is answered
      checkReversed(after, packet);
    } else if (arrival.last().frame().length > config.limits().maxPacketSize() && isIcmp(after)) {
      answer.checkTooBig(packet);
    } else if (packet.ttl() <= 1 && !packet.isIcmp() && isErrorTo(packet, after)) {
      answer.checkTimeExceeded(packet);
    } else {
      new EncapsulationCheck(config, installed, arrival, after, findings).check(packet);
    }
  }

  private static boolean isErrorTo(IpPacket packet, byte[] sent) {
    IpPacket answer = Sent.read(sent, new Findings());
    return answer != null && answer.isIcmp() && answer.destination().equals(packet.source());
  }

  /** Checks an answer that is sent to its client. */
  private void checkReversed(byte[] after, IpPacket came) {
    IpPacket went = Sent.read(after, findings);
    if (went == null) {
      return;
    }
    findings.expect(
        FixedRoutes.ROUTER_MAC.equals(mac(after, 0)) && FixedRoutes.OWN_MAC.equals(mac(after, 6)),
        DESTINATION_MAC,
        "the answer goes to %s",
        Ethernet.read(after).destination());
    new RewriteCheck(arrival, findings).check(came, went, reversal(came, 1));
  }

  private static MacAddress mac(byte[] frame, int at) {
    ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES).put(new byte[2]).put(frame, at, 6);
    return new MacAddress(bytes.getLong(0));
  }

  private static boolean isIcmp(byte[] sent) {
    IpPacket packet = Sent.read(sent, new Findings());
    return packet != null && packet.isIcmp();
  }
}
