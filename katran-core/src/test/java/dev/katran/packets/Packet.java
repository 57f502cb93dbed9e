package dev.katran.packets;

import com.google.common.net.InetAddresses;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * An immutable packet builder that fills in lengths and checksums.
 *
 * <pre>{@code
 * byte[] frame = Packet.tcp("198.51.100.7", 49152, "203.0.113.10", 443).trafficClass(0x8c).frame();
 * }</pre>
 */
public final class Packet {

  /** The Ethernet destination of all frames. */
  public static final String BALANCER_MAC = "020000000001";

  /** The Ethernet source of all frames. */
  public static final String CLIENT_MAC = "0200000000fe";

  /** The offset of the IP header in a frame. */
  public static final int NETWORK = 14;

  private static final int TCP = 6;
  private static final int UDP = 17;

  private final InetAddress source;
  private final InetAddress destination;
  private final int protocol;
  private final int trafficClass;
  private final int ttl;
  private final byte[] transport;
  private final byte[] payload;

  private Packet(
      InetAddress source,
      InetAddress destination,
      int protocol,
      int trafficClass,
      int ttl,
      byte[] transport,
      byte[] payload) {
    this.source = source;
    this.destination = destination;
    this.protocol = protocol;
    this.trafficClass = trafficClass;
    this.ttl = ttl;
    this.transport = transport;
    this.payload = payload;
  }

  /** Returns a TCP segment with the ACK flag. */
  public static Packet tcp(String source, int sourcePort, String destination, int destinationPort) {
    return tcp(
        InetAddresses.forString(source),
        sourcePort,
        InetAddresses.forString(destination),
        destinationPort);
  }

  /** Returns a TCP segment with the ACK flag. */
  public static Packet tcp(
      InetAddress source, int sourcePort, InetAddress destination, int destinationPort) {
    byte[] header =
        ByteBuffer.allocate(20)
            .putShort((short) sourcePort)
            .putShort((short) destinationPort)
            .putLong(0)
            .put((byte) 0x50)
            .put((byte) 0x10)
            .putShort((short) 0x2000)
            .array();
    return of(source, destination, TCP, header);
  }

  /** Returns a UDP datagram. */
  public static Packet udp(String source, int sourcePort, String destination, int destinationPort) {
    return udp(
        InetAddresses.forString(source),
        sourcePort,
        InetAddresses.forString(destination),
        destinationPort);
  }

  /** Returns a UDP datagram. */
  public static Packet udp(
      InetAddress source, int sourcePort, InetAddress destination, int destinationPort) {
    byte[] header =
        ByteBuffer.allocate(8)
            .putShort((short) sourcePort)
            .putShort((short) destinationPort)
            .array();
    return of(source, destination, UDP, header);
  }

  /** Returns an ICMP or ICMPv6 echo request, in the family of the addresses. */
  public static Packet echoRequest(String source, String destination) {
    InetAddress address = InetAddresses.forString(source);
    int type = address instanceof Inet6Address ? 128 : 8;
    return icmp(source, destination, type, 0).payload("ping".getBytes(StandardCharsets.US_ASCII));
  }

  /** Returns an ICMP or ICMPv6 message, whose payload follows its 8-byte header. */
  public static Packet icmp(String source, String destination, int type, int code) {
    InetAddress address = InetAddresses.forString(source);
    byte[] header = ByteBuffer.allocate(8).put((byte) type).put((byte) code).array();
    int protocol = address instanceof Inet6Address ? 58 : 1;
    return of(address, InetAddresses.forString(destination), protocol, header);
  }

  /**
   * Returns an ICMP or ICMPv6 message.
   *
   * @param content the bytes after type, code and checksum
   */
  public static Packet icmp(String source, String destination, int type, int code, byte[] content) {
    Packet packet = icmp(source, destination, type, code);
    byte[] header = Arrays.copyOf(packet.transport, 4);
    return of(packet.source, packet.destination, packet.protocol, header).payload(content);
  }

  /** Returns a packet of any protocol, without a transport header. */
  public static Packet of(String source, String destination, int protocol) {
    return of(
        InetAddresses.forString(source),
        InetAddresses.forString(destination),
        protocol,
        new byte[0]);
  }

  private static Packet of(
      InetAddress source, InetAddress destination, int protocol, byte[] transport) {
    return new Packet(source, destination, protocol, 0, 60, transport, new byte[0]);
  }

  /** Returns the packet with this traffic class or TOS. */
  public Packet trafficClass(int trafficClass) {
    return new Packet(source, destination, protocol, trafficClass, ttl, transport, payload);
  }

  /** Returns the packet with this TTL or hop limit. */
  public Packet ttl(int ttl) {
    return new Packet(source, destination, protocol, trafficClass, ttl, transport, payload);
  }

  /** Returns the packet with this payload. */
  public Packet payload(byte[] payload) {
    return new Packet(source, destination, protocol, trafficClass, ttl, transport, payload);
  }

  /** Returns the packet with a payload of this length. */
  public Packet payload(int bytes) {
    byte[] payload = new byte[bytes];
    for (int i = 0; i < bytes; i++) {
      payload[i] = (byte) ('a' + i % 26);
    }
    return payload(payload);
  }

  /** Returns whether this is a UDP datagram with a header. */
  public boolean isUdp() {
    return protocol == UDP && transport.length > 0;
  }

  /** Returns the packet from its IP header on. */
  public byte[] ip() {
    byte[] body = body();
    return source instanceof Inet6Address ? ipv6(body) : ipv4(body);
  }

  /** Returns the packet as an Ethernet frame from {@link #CLIENT_MAC} to {@link #BALANCER_MAC}. */
  public byte[] frame() {
    return frame(source instanceof Inet6Address ? 0x86dd : 0x0800, ip());
  }

  /** Returns the packet as an Ethernet frame with a zero UDP checksum. */
  public byte[] frameWithoutUdpChecksum() {
    byte[] frame = frame();
    int udp = NETWORK + (source instanceof Inet6Address ? 40 : 20);
    frame[udp + 6] = 0;
    frame[udp + 7] = 0;
    return frame;
  }

  /** Returns an Ethernet frame with this content. */
  public static byte[] frame(int etherType, byte[] content) {
    return ByteBuffer.allocate(NETWORK + content.length)
        .put(Hex.decode(BALANCER_MAC))
        .put(Hex.decode(CLIENT_MAC))
        .putShort((short) etherType)
        .put(content)
        .array();
  }

  private byte[] ipv4(byte[] body) {
    ByteBuffer ip = ByteBuffer.allocate(20 + body.length);
    ip.put((byte) 0x45).put((byte) trafficClass).putShort((short) (20 + body.length));
    ip.putShort((short) 0x1234).putShort((short) 0x4000);
    ip.put((byte) ttl).put((byte) protocol).putShort((short) 0);
    ip.put(source.getAddress()).put(destination.getAddress());
    ip.put(body);
    ip.putShort(10, (short) InternetChecksum.of(ip.slice(0, 20)));
    return ip.array();
  }

  private byte[] ipv6(byte[] body) {
    return ByteBuffer.allocate(40 + body.length)
        .putInt(6 << 28 | trafficClass << 20 | 0xabcde)
        .putShort((short) body.length)
        .put((byte) protocol)
        .put((byte) ttl)
        .put(source.getAddress())
        .put(destination.getAddress())
        .put(body)
        .array();
  }

  private byte[] body() {
    ByteBuffer body = ByteBuffer.allocate(transport.length + payload.length);
    body.put(transport).put(payload);
    if (transport.length == 0) {
      return body.array();
    }
    switch (protocol) {
      case 1 -> body.putShort(2, (short) InternetChecksum.of(body));
      case 58 -> body.putShort(2, (short) InternetChecksum.of(pseudoHeader(body), body));
      case TCP -> body.putShort(16, (short) InternetChecksum.of(pseudoHeader(body), body));
      case UDP -> {
        body.putShort(4, (short) body.capacity());
        body.putShort(6, (short) InternetChecksum.of(pseudoHeader(body), body));
      }
      default -> {
        // no checksum
      }
    }
    return body.array();
  }

  private ByteBuffer pseudoHeader(ByteBuffer body) {
    byte[] from = source.getAddress();
    return ByteBuffer.allocate(2 * from.length + 8)
        .put(from)
        .put(destination.getAddress())
        .putInt(body.capacity())
        .putInt(protocol);
  }
}
