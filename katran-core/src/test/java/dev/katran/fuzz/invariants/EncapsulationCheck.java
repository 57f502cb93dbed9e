package dev.katran.fuzz.invariants;

import static dev.katran.fuzz.invariants.Invariant.BACKEND;
import static dev.katran.fuzz.invariants.Invariant.CHECKSUMS;
import static dev.katran.fuzz.invariants.Invariant.DESTINATION_MAC;
import static dev.katran.fuzz.invariants.Invariant.ECN;
import static dev.katran.fuzz.invariants.Invariant.FORWARDED;
import static dev.katran.fuzz.invariants.Invariant.LENGTHS;
import static dev.katran.fuzz.invariants.Invariant.OUTER_HEADER;
import static dev.katran.fuzz.invariants.Invariant.PAYLOAD;
import static dev.katran.fuzz.invariants.Invariant.SOURCE_MAC;
import static dev.katran.fuzz.invariants.Invariant.TOO_BIG;

import com.google.common.net.InetAddresses;
import dev.katran.Forwarding;
import dev.katran.Prefix;
import dev.katran.TrafficClass;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.IpipSources;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.VipFlags;
import dev.katran.internal.packet.Hop;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.pcap4j.packet.UdpPacket.UdpHeader;
import org.pcap4j.util.MacAddress;

/** Checks frames that carry a packet to a backend. */
final class EncapsulationCheck {

  private static final int TTL = 64;
  private static final int DONT_FRAGMENT = 0x4000;

  /** The first dynamic port (RFC 6335, section 6). */
  private static final int FIRST_DYNAMIC_PORT = 49152;

  private final DataplaneConfig config;
  private final Installed installed;
  private final Arrival arrival;
  private final byte[] sent;
  private final Findings findings;

  EncapsulationCheck(
      DataplaneConfig config,
      Installed installed,
      Arrival arrival,
      byte[] sent,
      Findings findings) {
    this.config = config;
    this.installed = installed;
    this.arrival = arrival;
    this.sent = sent;
    this.findings = findings;
  }

  /** Checks the frame, which must carry this packet. */
  void check(IpPacket packet) {
    findings.expect(
        Ethernet.HEADER + packet.length() <= config.limits().maxPacketSize(),
        TOO_BIG,
        "a packet of %d bytes is forwarded",
        packet.length());
    Flow flow = packet.isIpv6() || packet.headerLength() == 20 ? Flow.of(packet) : null;
    VipEntry vip = flow == null ? null : Vips.find(installed, flow);
    findings.expect(vip != null, FORWARDED, "the packet's flow is %s", flow);
    IpPacket outer = Sent.read(sent, findings);
    if (flow == null || vip == null || outer == null || !hasRightLengths(outer, packet)) {
      return;
    }
    if (installed.used().directs() && outer.destination().equals(packet.destination())) {
      checkDirect(packet, outer, flow, vip);
      return;
    }
    Map.Entry<Integer, BackendEntry> backend = backend(outer.destination());
    findings.expect(backend != null, BACKEND, "%s is not installed", text(outer.destination()));
    if (backend != null) {
      checkBackend(flow, vip, backend);
      checkMacs(backend.getValue().hop());
      if (installed.used().rewrites()
          && backend.getValue().forwarding().equals(Forwarding.rewrite())) {
        BackendEntry entry = backend.getValue();
        new RewriteCheck(arrival, findings)
            .check(
                packet,
                outer,
                new RewriteCheck.Change(
                    entry.address(), entry.port(), /* isSource= */ false, /* hops= */ 1));
      } else {
        checkTunnel(packet, outer, backend.getValue());
      }
    }
  }

  /** Checks a packet that says nothing of its backend: one of those that could have got it. */
  private void checkDirect(IpPacket packet, IpPacket outer, Flow flow, VipEntry vip) {
    boolean isAnyones = false;
    for (Map.Entry<Integer, BackendEntry> backend : installed.backends().entrySet()) {
      if (backend.getValue().forwarding().equals(Forwarding.direct())) {
        EncapsulationCheck check =
            new EncapsulationCheck(config, installed, arrival, sent, new Findings());
        check.checkBackend(flow, vip, backend);
        check.checkMacs(backend.getValue().hop());
        isAnyones |= check.findings.list().isEmpty();
      }
    }
    findings.expect(isAnyones, BACKEND, "the frame is addressed to no backend of VIP %s", vip);
    new RewriteCheck(arrival, findings).check(packet, outer, null);
  }

  /** Checks the outer length. What the frame holds besides can only be padding that came in. */
  private boolean hasRightLengths(IpPacket outer, IpPacket packet) {
    byte[] arrived = arrival.last().frame();
    int padding = arrived.length - packet.start() - packet.length();
    boolean fits = outer.isWellFormed() && outer.padding() <= padding;
    findings.expect(
        fits,
        LENGTHS,
        "the outer header promises %d bytes, the frame has %d",
        outer.length(),
        sent.length - Ethernet.HEADER);
    return fits;
  }

  private Map.@Nullable Entry<Integer, BackendEntry> backend(InetAddress address) {
    for (Map.Entry<Integer, BackendEntry> backend : installed.backends().entrySet()) {
      if (backend.getValue().address().equals(address)) {
        return backend;
      }
    }
    return null;
  }

  private void checkBackend(Flow flow, VipEntry vip, Map.Entry<Integer, BackendEntry> backend) {
    int number = backend.getKey();
    int flags = vip.flags() & (installed.used().vipFlags() | VipFlags.HASH);
    findings.expect(
        backend.getValue().hop() != null, BACKEND, "backend %d has no next hop", number);
    findings.expect(
        (flags & VipFlags.LOCAL) == 0 || !backend.getValue().local(),
        BACKEND,
        "backend %d is this host, so the packet should pass",
        number);
    findings.expect(
        installed.ring(vip.number()).contains(number)
            || isFromFlowTable(vip.number(), flags)
            || (isRoutedById(flow, flags) && installed.serverIds().containsValue(number))
            || ((flags & VipFlags.SOURCE_ROUTING) != 0
                && installed.sourceRoutes().containsValue(number)),
        BACKEND,
        "backend %d is none of VIP %d's, with flags %x",
        number,
        vip.number(),
        flags);
  }

  /** Returns whether a flow may stay on a backend that has left the ring. */
  private boolean isFromFlowTable(int vip, int flags) {
    return (flags & VipFlags.TRACKED) != 0
        || (installed.isChanging(vip) && installed.used().changes());
  }

  private boolean isRoutedById(Flow flow, int flags) {
    if (flow.isError()) {
      return false;
    }
    return flow.protocol() == IpPacket.TCP
        ? config.tcpServerIds()
        : (flags & (VipFlags.QUIC | VipFlags.UDP_STABLE_ROUTING)) != 0;
  }

  private void checkMacs(@Nullable Hop hop) {
    if (hop == null) {
      return;
    }
    Ethernet ethernet = Ethernet.read(sent);
    MacAddress source =
        hop.egress() == null
            ? arrival.ethernet().destination()
            : MacAddress.getByAddress(hop.egress().mac().toBytes());
    findings.expect(
        ethernet.source().equals(source),
        SOURCE_MAC,
        "the source is %s, not %s",
        ethernet.source(),
        source);
    MacAddress destination = MacAddress.getByAddress(hop.mac().toBytes());
    findings.expect(
        ethernet.destination().equals(destination),
        DESTINATION_MAC,
        "the destination is %s, not %s",
        ethernet.destination(),
        destination);
  }

  private void checkTunnel(IpPacket packet, IpPacket outer, BackendEntry backend) {
    boolean usesGue = installed.used().gue() && backend.forwarding().equals(Forwarding.gue());
    Tunnel tunnel = Tunnel.read(outer, config.gue().port());
    boolean isAsked =
        tunnel != null && tunnel.isGue() == usesGue && tunnel.innerIsIpv6() == packet.isIpv6();
    findings.expect(
        isAsked, OUTER_HEADER, "protocol %d is not the tunnel to this backend", outer.protocol());
    if (tunnel == null || !isAsked) {
      return;
    }
    checkOuterHeader(outer, usesGue);
    IpPacket inner = tunnel.inner();
    boolean fits =
        inner != null
            && inner.length() == packet.length()
            && tunnel.innerEnd() == outer.start() + outer.length()
            && tunnel.innerEnd() - tunnel.innerStart() == packet.length();
    findings.expect(
        fits,
        LENGTHS,
        "the tunnel holds %d bytes of a packet of %d",
        tunnel.innerEnd() - tunnel.innerStart(),
        packet.length());
    if (inner != null && fits) {
      checkInner(packet, inner);
      checkTrafficClass(outer, inner);
      checkFragmentation(outer, inner);
      if (tunnel.udp() != null) {
        checkUdp(outer, tunnel.udp(), inner);
      }
    }
  }

  private void checkOuterHeader(IpPacket outer, boolean usesGue) {
    findings.expect(
        outer.ttl() == TTL && (outer.isIpv6() || outer.headerLength() == 20),
        OUTER_HEADER,
        "TTL %d, header of %d bytes",
        outer.ttl(),
        outer.headerLength());
    findings.expect(outer.hasRightChecksum(), CHECKSUMS, "the outer header checksum is wrong");
    InetAddress configured = config.gue().sourceTowards(outer.destination());
    boolean isOurs =
        usesGue
            ? configured == null || outer.source().equals(configured)
            : ipipSources(outer.isIpv6()).contains(outer.source());
    findings.expect(isOurs, OUTER_HEADER, "the outer source is %s", text(outer.source()));
  }

  /** Returns the sources of IP in IP. The rest of an address depends on the flow. */
  private Prefix ipipSources(boolean isIpv6) {
    return isIpv6
        ? new Prefix(config.ipipSources().prefixV6(), IpipSources.BITS_V6)
        : new Prefix(config.ipipSources().prefixV4(), IpipSources.BITS_V4);
  }

  /** RFC 2003, section 3.1: the DF flag is that of the packet. Routers never fragment IPv6. */
  private void checkFragmentation(IpPacket outer, IpPacket inner) {
    boolean isAsked = !outer.isIpv6() && config.copyDontFragment();
    boolean isWanted = inner.isIpv6() || (inner.identity() & DONT_FRAGMENT) != 0;
    findings.expect(
        outer.identity() == (isAsked && isWanted ? DONT_FRAGMENT : 0),
        OUTER_HEADER,
        "identification, flags and offset are %x",
        outer.identity());
  }

  private void checkInner(IpPacket packet, IpPacket inner) {
    byte[] came = packet.bytes();
    byte[] went = inner.bytes();
    if (arrival.wasInTunnel()) {
      came = Carried.comparable(came, 0, packet.isIpv6(), /* withTtl= */ true);
      went = Carried.comparable(went, 0, packet.isIpv6(), /* withTtl= */ true);
      Carried.checkLeftTunnel(arrival.last(), inner, findings);
    }
    int at = Arrays.mismatch(came, went);
    findings.expect(at < 0, PAYLOAD, "the packet inside changed at its byte %d", at);
  }

  /** RFC 6040, section 4.1: the outer mark is that of the inner header. */
  private void checkTrafficClass(IpPacket outer, IpPacket inner) {
    int dscp =
        switch (config.trafficClass()) {
          case TrafficClass.Copied copied -> inner.trafficClass() >> 2;
          case TrafficClass.Fixed(int value) -> value >> 2;
        };
    findings.expect(
        outer.trafficClass() >> 2 == dscp,
        OUTER_HEADER,
        "DSCP %d, not %d",
        outer.trafficClass() >> 2,
        dscp);
    findings.expect(
        outer.ecn() == inner.ecn(),
        ECN,
        "the outer header has ECN %d, the inner one %d",
        outer.ecn(),
        inner.ecn());
  }

  private void checkUdp(IpPacket outer, UdpHeader udp, IpPacket inner) {
    findings.expect(
        udp.getDstPort().valueAsInt() == config.gue().port(),
        OUTER_HEADER,
        "the port is %d",
        udp.getDstPort().valueAsInt());
    findings.expect(
        !config.gue().dynamicSourcePorts() || udp.getSrcPort().valueAsInt() >= FIRST_DYNAMIC_PORT,
        OUTER_HEADER,
        "the source port is %d",
        udp.getSrcPort().valueAsInt());
    if (udp.getChecksum() == 0) {
      findings.expect(Checksums.isAbsent(inner), CHECKSUMS, "the outer UDP checksum is missing");
    } else if (inner.hasRightChecksum() && Checksums.isRight(inner)) {
      findings.expect(Checksums.isRight(outer), CHECKSUMS, "the outer UDP checksum is wrong");
    }
  }

  private static String text(InetAddress address) {
    return InetAddresses.toAddrString(address);
  }
}
