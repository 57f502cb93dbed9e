package dev.katran.fuzz.invariants;

import static dev.katran.fuzz.invariants.Invariant.CHECKSUMS;
import static dev.katran.fuzz.invariants.Invariant.DESTINATION_MAC;
import static dev.katran.fuzz.invariants.Invariant.ECHO_REPLY;
import static dev.katran.fuzz.invariants.Invariant.LENGTHS;
import static dev.katran.fuzz.invariants.Invariant.OUTER_HEADER;
import static dev.katran.fuzz.invariants.Invariant.PAYLOAD;
import static dev.katran.fuzz.invariants.Invariant.SOURCE_MAC;
import static dev.katran.fuzz.invariants.Invariant.TIME_EXCEEDED;
import static dev.katran.fuzz.invariants.Invariant.TOO_BIG;

import dev.katran.internal.dataplane.DataplaneConfig;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;
import org.pcap4j.util.ByteArrays;

/** Checks frames that go back to where they came from: answers, and packets that leave a tunnel. */
final class AnswerCheck {

  private static final int TTL = 64;
  private static final int ICMP_HEADER = 8;
  private static final int MTU = 4;
  private static final int IPV6_MIN_MTU = 1280;

  /** What the answer about a packet that is too big quotes of it. */
  private static final int QUOTED_V4 = 84;

  private static final int QUOTED_V6 = 248;

  private static final int ECHO_REPLY_V4 = 0;
  private static final int ECHO_REPLY_V6 = 129;

  private final DataplaneConfig config;
  private final Installed installed;
  private final Arrival arrival;
  private final byte[] sent;
  private final Findings findings;

  AnswerCheck(
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

  /** Checks a packet that left its tunnel and returns to the link it came from. */
  void checkEgress() {
    checkMacs();
    byte[] back = arrival.last().frame().clone();
    swap(back, 0, 6, 6);
    Arrival.Stage expected =
        new Arrival.Stage(back, arrival.last().packet(), arrival.last().before());
    findings.expect(
        Carried.isSame(expected, sent, /* wasInTunnel= */ true, /* withTtl= */ true),
        PAYLOAD,
        "it is not the packet that was in the tunnel");
    IpPacket packet = read();
    if (packet != null) {
      Carried.checkLeftTunnel(arrival.last(), packet, findings);
    }
  }

  /** Checks the answer to an echo request. */
  void checkEchoReply(IpPacket request) {
    checkMacs();
    findings.expect(
        Vips.answersPing(installed, request.destination()),
        ECHO_REPLY,
        "%s does not answer pings",
        request.destination());
    findings.expect(
        Flow.isUnicast(request.source()) && !request.source().equals(request.destination()),
        ECHO_REPLY,
        "an answer to %s, asked by %s",
        request.destination(),
        request.source());
    IpPacket reply = read();
    if (reply == null || !hasLengthsOf(reply, request)) {
      return;
    }
    findings.expect(
        Arrays.equals(masked(expectedReply(request), reply), masked(sent, reply)),
        PAYLOAD,
        "the reply differs from the request by more than a reply does");
    findings.expect(
        reply.hasRightChecksum() || !arrival.last().checksumWasRight(),
        CHECKSUMS,
        "the header checksum of the reply is wrong");
    findings.expect(
        Checksums.isRight(reply) || !Checksums.isRight(request),
        CHECKSUMS,
        "the ICMP checksum of the reply is wrong");
  }

  private boolean hasLengthsOf(IpPacket reply, IpPacket request) {
    boolean fits = reply.isWellFormed() && reply.length() == request.length();
    findings.expect(fits, LENGTHS, "the reply has %d bytes", reply.length());
    return fits;
  }

  private byte[] expectedReply(IpPacket request) {
    byte[] reply = Arrays.copyOf(arrival.last().frame(), sent.length);
    swap(reply, 0, 6, 6);
    int size = request.isIpv6() ? 16 : 4;
    swap(reply, request.start() + (request.isIpv6() ? 8 : 12), size, size);
    reply[request.start() + request.ttlOffset()] = TTL;
    reply[request.payloadStart()] = (byte) (request.isIpv6() ? ECHO_REPLY_V6 : ECHO_REPLY_V4);
    return reply;
  }

  /** Returns a reply without MAC addresses, checksums and padding. */
  private static byte[] masked(byte[] frame, IpPacket reply) {
    byte[] copy = Arrays.copyOf(frame, reply.start() + reply.length());
    Arrays.fill(copy, 0, Ethernet.TYPE, (byte) 0);
    Carried.clear(copy, reply.payloadStart() + 2, 0xff);
    Carried.clear(copy, reply.payloadStart() + 3, 0xff);
    return Carried.comparable(copy, reply.start(), reply.isIpv6(), /* withTtl= */ true);
  }

  /** Exchanges two adjacent ranges of bytes of the same size. */
  private static void swap(byte[] bytes, int at, int distance, int size) {
    byte[] first = Arrays.copyOfRange(bytes, at, at + size);
    System.arraycopy(bytes, at + distance, bytes, at, size);
    System.arraycopy(first, 0, bytes, at + distance, size);
  }

  /** Checks the answer to a packet that is too big to be forwarded. */
  void checkTooBig(IpPacket packet) {
    checkMacs();
    findings.expect(config.sendPacketTooBig(), TOO_BIG, "the option is off");
    findings.expect(
        Ethernet.HEADER + packet.length() > config.limits().maxPacketSize(),
        TOO_BIG,
        "the packet has only %d bytes, the rest is padding",
        packet.length());
    findings.expect(!packet.isIcmp(), TOO_BIG, "an ICMP packet must not be answered with an error");
    findings.expect(Flow.isUnicast(packet.source()), TOO_BIG, "an answer to %s", packet.source());
    Flow flow = Flow.of(packet);
    findings.expect(
        flow != null && Vips.find(installed, flow) != null, TOO_BIG, "it was for no VIP");
    IpPacket answer = read();
    if (answer == null) {
      return;
    }
    int quoted = packet.isIpv6() ? QUOTED_V6 : QUOTED_V4;
    boolean fits = answer.isWellFormed() && answer.payloadLength() == ICMP_HEADER + quoted;
    findings.expect(
        fits && Ethernet.HEADER + answer.length() == sent.length,
        LENGTHS,
        "the answer has %d bytes in a frame of %d",
        answer.length(),
        sent.length);
    if (fits) {
      checkTooBig(packet, answer, quoted);
    }
  }

  private void checkTooBig(IpPacket packet, IpPacket answer, int quoted) {
    int type = packet.isIpv6() ? 2 << 8 : 3 << 8 | 4;
    byte[] icmp = answer.payload();
    findings.expect(
        answer.isIcmp() && (ByteArrays.getShort(icmp, 0) & 0xffff) == type,
        TOO_BIG,
        "it is protocol %d with type and code %04x",
        answer.protocol(),
        ByteArrays.getShort(icmp, 0));
    findings.expect(
        answer.source().equals(packet.destination())
            && answer.destination().equals(packet.source()),
        TOO_BIG,
        "the answer is from %s to %s",
        answer.source(),
        answer.destination());
    int mtu = ByteArrays.getInt(icmp, MTU);
    int wanted = config.limits().maxPacketSize() - Ethernet.HEADER;
    findings.expect(
        mtu == (packet.isIpv6() ? Math.max(wanted, IPV6_MIN_MTU) : wanted),
        TOO_BIG,
        "the MTU is %d",
        mtu);
    findings.expect(
        answer.ttl() == TTL && answer.trafficClass() == 0 && answer.identity() == 0,
        OUTER_HEADER,
        "TTL %d, traffic class %d, id %x",
        answer.ttl(),
        answer.trafficClass(),
        answer.identity());
    findings.expect(
        answer.hasRightChecksum() && Checksums.isRight(answer),
        CHECKSUMS,
        "a checksum of the answer is wrong");
    checkQuote(packet, Arrays.copyOfRange(icmp, ICMP_HEADER, ICMP_HEADER + quoted));
  }

  /** Checks the answer to a packet that has no hop left. */
  void checkTimeExceeded(IpPacket packet) {
    checkMacs();
    Flow flow = Flow.of(packet);
    findings.expect(
        flow != null && !flow.isError() && Vips.find(installed, flow) != null,
        TIME_EXCEEDED,
        "the flow is %s",
        flow);
    findings.expect(
        Flow.isUnicast(packet.source()), TIME_EXCEEDED, "an answer to %s", packet.source());
    IpPacket answer = read();
    if (answer == null) {
      return;
    }
    int quoted = packet.headerLength() + 8;
    boolean fits = answer.isWellFormed() && answer.payloadLength() == ICMP_HEADER + quoted;
    findings.expect(
        fits && Ethernet.HEADER + answer.length() == sent.length,
        LENGTHS,
        "the answer has %d bytes in a frame of %d",
        answer.length(),
        sent.length);
    if (!fits) {
      return;
    }
    byte[] icmp = answer.payload();
    findings.expect(
        ByteArrays.getShort(icmp, 0) == (packet.isIpv6() ? 3 : 11) << 8
            && ByteArrays.getInt(icmp, MTU) == 0,
        TIME_EXCEEDED,
        "type and code are %04x",
        ByteArrays.getShort(icmp, 0));
    findings.expect(
        answer.source().equals(packet.destination()), TIME_EXCEEDED, "%s", answer.source());
    findings.expect(
        answer.hasRightChecksum() && Checksums.isRight(answer),
        CHECKSUMS,
        "a checksum of the answer is wrong");
    checkQuote(packet, Arrays.copyOfRange(icmp, ICMP_HEADER, ICMP_HEADER + quoted));
  }

  private void checkQuote(IpPacket packet, byte[] quote) {
    byte[] original = packet.bytes();
    if (original.length < quote.length) {
      return; // it was not too big
    }
    if (arrival.wasInTunnel()) {
      original = Carried.comparable(original, 0, packet.isIpv6(), /* withTtl= */ true);
      quote = Carried.comparable(quote, 0, packet.isIpv6(), /* withTtl= */ true);
    }
    findings.expect(
        Arrays.equals(quote, Arrays.copyOf(original, quote.length)),
        PAYLOAD,
        "the answer does not quote the packet");
  }

  private void checkMacs() {
    Ethernet ethernet = Ethernet.read(sent);
    findings.expect(
        ethernet.source().equals(arrival.ethernet().destination()),
        SOURCE_MAC,
        "the answer has source %s",
        ethernet.source());
    findings.expect(
        ethernet.destination().equals(arrival.ethernet().source()),
        DESTINATION_MAC,
        "the answer goes to %s",
        ethernet.destination());
  }

  private @Nullable IpPacket read() {
    return Sent.read(sent, findings);
  }
}
