package dev.katran.fuzz;

import com.google.common.net.InetAddresses;
import dev.katran.Decapsulation;
import dev.katran.Forwarding;
import dev.katran.Limits;
import dev.katran.Simulation;
import dev.katran.VipKey;
import dev.katran.fuzz.invariants.Broken;
import dev.katran.fuzz.invariants.InvariantChecker;
import dev.katran.internal.dataplane.BackendEntry;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.dataplane.Destination;
import dev.katran.internal.dataplane.Features;
import dev.katran.internal.dataplane.GueConfig;
import dev.katran.internal.dataplane.TunnelAction;
import dev.katran.internal.dataplane.VipEntry;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.packet.Hop;
import dev.katran.packets.Hex;
import dev.katran.packets.InternetChecksum;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A small installation, frames to it, and what becomes of them. */
final class InvariantFixture {

  private InvariantFixture() {}

  static final String CLIENT = "198.51.100.7";
  static final String CLIENT_V6 = "2001:db8:c::7";
  static final String VIP = "203.0.113.10";
  static final String VIP_V6 = "2001:db8:5::10";
  static final String HOST = "192.0.2.99";
  static final String BALANCED_END = "192.0.2.1";
  static final String EGRESS_END = "192.0.2.2";

  static final int OUTER = 14;
  static final int IPV4 = 20;
  static final int IPV6 = 40;

  static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().vips(16).backends(16).ringSize(13).maxPacketSize(1514))
          .with(c -> {
            c.gue = GueConfig.NONE.withSource(Universe.SOURCE_V4).withSource(Universe.SOURCE_V6);
            c.sendPacketTooBig = true;
            c.decapsulation = Decapsulation.STRICT;
          });

  /** Backends by number: even ones are IPv4; 1 and 2 use IPIP, 3 and 4 GUE. */
  static List<Operation> operations() {
    Hop egress =
        new Hop(
            MacAddress.parse("02:00:00:00:00:aa"),
            new Hop.Egress(1, MacAddress.parse("02:00:00:00:00:bb")));
    List<Operation> operations = new ArrayList<>();
    operations.add(new Operation.UseFeatures(new Features(0, true, true)));
    operations.add(backend(1, Forwarding.ipip(), Universe.GATEWAY));
    operations.add(backend(2, Forwarding.ipip(), Universe.GATEWAY));
    operations.add(backend(3, Forwarding.gue(), egress));
    operations.add(backend(4, Forwarding.gue(), Universe.GATEWAY));
    operations.add(backend(5, Forwarding.ipip(), null));
    for (int number = 1; number <= 4; number++) {
      operations.add(new Operation.PutRing(number, Slots.all(13, number)));
      int port = 1000 * number;
      for (String address : List.of(VIP, VIP_V6)) {
        operations.add(new Operation.PutVip(VipKey.tcp(address, port), new VipEntry(number, 0)));
        operations.add(new Operation.PutVip(VipKey.udp(address, port), new VipEntry(number, 0)));
      }
    }
    for (String address : List.of(VIP, VIP_V6)) {
      operations.add(new Operation.AnswerPings(Destination.of(address(address)), true));
    }
    operations.add(
        new Operation.TunnelEndpoints(
            new TableEdit.Put<>(
                Map.of(
                    address(BALANCED_END), TunnelAction.RECIRCULATE,
                    address(EGRESS_END), TunnelAction.EGRESS))));
    return operations;
  }

  static Operation backend(int number, Forwarding forwarding, @Nullable Hop hop) {
    return new Operation.PutBackend(
        number, new BackendEntry(Universe.backendAddress(number), forwarding, hop));
  }

  static InetAddress address(String literal) {
    return InetAddresses.forString(literal);
  }

  static Simulation run(DataplaneConfig config, byte[] frame) {
    JavaDataplane dataplane = new JavaDataplane(config);
    operations().forEach(operation -> operation.applyTo(dataplane));
    return dataplane.program().run(frame);
  }

  static List<Broken> check(DataplaneConfig config, byte[] frame, Simulation result) {
    InstalledState installed = new InstalledState();
    operations().forEach(installed::apply);
    return InvariantChecker.check(frame, result, config, installed);
  }

  static void correct(byte[] frame, int header) {
    ByteBuffer ip = ByteBuffer.wrap(frame).slice(header, IPV4);
    ip.putShort(10, (short) 0);
    ip.putShort(10, (short) InternetChecksum.of(ip));
  }

  static byte[] tcp(int backend) {
    return Packet.tcp(CLIENT, 40_000, VIP, 1000 * backend).payload(30).frame();
  }

  static byte[] tcpV6(int backend) {
    return Packet.tcp(CLIENT_V6, 40_000, VIP_V6, 1000 * backend).payload(30).frame();
  }

  static byte[] udp(int backend) {
    return Packet.udp(CLIENT, 40_000, VIP, 1000 * backend).payload(30).frame();
  }

  static byte[] ping() {
    return Packet.echoRequest(CLIENT, VIP).frame();
  }

  static byte[] big() {
    return Packet.tcp(CLIENT, 40_000, VIP, 2000).payload(1480).frame();
  }

  static byte[] tunnel(String end, int trafficClass, Packet inner) {
    return Packet.udp(HOST, 7000, end, GueConfig.DEFAULT_PORT)
        .trafficClass(trafficClass)
        .payload(inner.ip())
        .frame();
  }

  static Packet inner() {
    return Packet.tcp(CLIENT, 40_000, VIP, 2000);
  }

  static byte[] withMac(byte[] frame, String mac) {
    byte[] copy = frame.clone();
    System.arraycopy(Hex.decode(mac), 0, copy, 0, 6);
    return copy;
  }

  static byte[] with(byte[] frame, int at, int value) {
    byte[] copy = frame.clone();
    copy[at] = (byte) value;
    return copy;
  }

  /** An ICMP error about a segment that the VIP sent to the client. */
  static Packet error(int type, int code, String router) {
    byte[] quoted = Packet.tcp(VIP, 2000, CLIENT, 40_000).ip();
    return Packet.icmp(router, VIP, type, code).payload(quoted);
  }

  static byte[] fragment(byte[] frame, int offset) {
    byte[] copy = frame.clone();
    ByteBuffer.wrap(copy).putShort(OUTER + 6, (short) offset);
    correct(copy, OUTER);
    return copy;
  }
}
