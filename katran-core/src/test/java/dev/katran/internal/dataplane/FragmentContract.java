package dev.katran.internal.dataplane;

import static dev.katran.packets.IpExtensions.DESTINATION_OPTIONS;
import static dev.katran.packets.IpExtensions.fragment;
import static dev.katran.packets.IpExtensions.frame;
import static dev.katran.packets.IpExtensions.withHeader;
import static dev.katran.packets.IpExtensions.withOptions;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.packets.Encapsulated;
import dev.katran.packets.Hex;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Fragments to VIPs that take them, and to others. */
public abstract class FragmentContract extends DataplaneContract {

  private static final int BACKENDS = 7;
  private static final int SIZE = 3000;
  private static final int PART = 1200;
  private static final int BY_ADDRESS =
      VipFlags.FRAGMENTS | VipFlags.FRAGMENTS_BY_ADDRESS | VipFlags.HASH_NO_SOURCE_PORT;

  @Override
  DataplaneConfig config() {
    return CONFIG.with(c -> {
      c.sendPacketTooBig = true;
      c.tcpServerIds = true;
    });
  }

  @BeforeEach
  void serve() {
    dataplane
        .program()
        .use(
            new Features(
                VipFlags.FRAGMENTS | VipFlags.FRAGMENTS_BY_ADDRESS | VipFlags.IP_OPTIONS,
                false,
                false));
    serveByMany(udp(VIP4, 53), 0, VipFlags.FRAGMENTS, BACKENDS);
    serveByMany(udp(VIP6, 53), 1, VipFlags.FRAGMENTS | VipFlags.IP_OPTIONS, BACKENDS);
    serveByMany(udp("203.0.113.20", 0), 2, BY_ADDRESS, BACKENDS);
    serveByMany(udp("2001:db8:5::20", 0), 3, BY_ADDRESS, BACKENDS);
    serveByMany(udp(VIP4, 54), 4, NO_FLAGS, BACKENDS);
    serveByMany(tcp(VIP4, 443), 5, VipFlags.FRAGMENTS, BACKENDS);
    dataplane.vips().answerPing(Destination.of(address(VIP4)), true);
    dataplane.vips().answerPing(Destination.of(address(VIP6)), true);
    dataplane.vips().answerPing(Destination.of(address("203.0.113.20")), true);
    dataplane.vips().answerPing(Destination.of(address("2001:db8:5::20")), true);
  }

  private static byte[] datagram(String client, int port, String vip, int vipPort) {
    return Packet.udp(client, port, vip, vipPort).payload(SIZE).ip();
  }

  private static byte[] datagram(String vip, int port) {
    return datagram(client(vip), port, vip, 53);
  }

  private static String client(String vip) {
    return vip.contains(":") ? CLIENT6 : CLIENT4;
  }

  private static byte[] first(byte[] datagram, int id) {
    return fragment(datagram, id, 0, PART);
  }

  private static byte[] second(byte[] datagram, int id) {
    return fragment(datagram, id, PART, PART);
  }

  private static byte[] last(byte[] datagram, int id) {
    int header = datagram[0] >> 4 == 6 ? 40 : 20;
    return fragment(datagram, id, 2 * PART, datagram.length - header - 2 * PART);
  }

  private InetAddress backend(byte[] ip) {
    Encapsulated sent = forwarded(frame(ip));
    assertThat(sent.inner()).isEqualTo(Hex.of(ip));
    return sent.destination();
  }

  @ParameterizedTest
  @ValueSource(strings = {VIP4, VIP6})
  void fragments_ofManyFlows_followTheFirstWhereWholePacketsGo(String vip) {
    Set<InetAddress> used = new HashSet<>();
    for (int port = 1000; port < 1050; port++) {
      byte[] datagram = datagram(vip, port);
      InetAddress whole = backend(Packet.udp(client(vip), port, vip, 53).payload(9).ip());
      assertThat(backend(first(datagram, port))).isEqualTo(whole);
      assertThat(backend(last(datagram, port))).isEqualTo(whole);
      assertThat(backend(second(datagram, port))).isEqualTo(whole);
      used.add(whole);
    }
    assertThat(used).hasSizeGreaterThan(3);
  }

  @ParameterizedTest
  @ValueSource(strings = {VIP4, VIP6})
  void laterFragment_beforeTheFirst_isDroppedAndCounted(String vip) {
    byte[] datagram = datagram(vip, 1000);
    assertDrops(frame(second(datagram, 7)));
    backend(first(datagram, 7));
    backend(second(datagram, 7));
    assertDrops(frame(second(datagram, 8)));
    assertDrops(
        frame(second(datagram(vip.contains(":") ? "2001:db8::9" : "192.0.2.9", 1000, vip, 53), 7)));
    assertThat(dataplane.counters().read(Counter.Total.FRAGMENTS).packets()).isEqualTo(3);
  }

  @Test
  void laterFragment_ofAnotherProtocol_followsItsOwnFirst() {
    byte[] udp = datagram(VIP4, 1000);
    backend(first(udp, 7));
    byte[] tcp = Packet.tcp(CLIENT4, 1000, VIP4, 443).payload(SIZE).ip();
    assertDrops(frame(second(tcp, 7)));
    InetAddress whole = backend(first(tcp, 7));
    assertThat(backend(second(tcp, 7))).isEqualTo(whole);
  }

  @Test
  void laterFragmentV6_otherNextHeader_followsTheFirst() {
    byte[] datagram = datagram(VIP6, 1000);
    InetAddress whole = backend(first(datagram, 7));
    byte[] later = second(datagram, 7);
    later[40] = DESTINATION_OPTIONS; // only that of the first fragment counts
    assertThat(backend(later)).isEqualTo(whole);
  }

  @Test
  void fragments_vipTakesNone_areDropped() {
    byte[] datagram = datagram(CLIENT4, 1000, VIP4, 54);
    assertDrops(frame(first(datagram, 7)));
    assertDrops(frame(second(datagram, 7)));
    assertThat(dataplane.counters().read(Counter.Total.FRAGMENTS).packets()).isEqualTo(2);
  }

  @Test
  void fragments_forNoVip_pass() {
    byte[] datagram = datagram(CLIENT4, 1000, "203.0.113.99", 53);
    assertPasses(frame(first(datagram, 7)));
    assertPasses(frame(second(datagram, 7)));
  }

  @Test
  void firstFragment_withoutWholeTransportHeader_isDropped() {
    byte[] tcp = Packet.tcp(CLIENT4, 1000, VIP4, 443).payload(SIZE).ip();
    assertDrops(frame(fragment(tcp, 7, 0, 16)));
    assertDrops(frame(second(tcp, 7)));
  }

  @Test
  void atomicFragment_isForwardedLikeAWholePacket() {
    byte[] whole = Packet.udp(CLIENT6, 1000, VIP6, 53).payload(9).ip();
    byte[] atomic = fragment(whole, 7, 0, whole.length - 40);
    assertThat(backend(atomic)).isEqualTo(backend(whole));
    assertDrops(frame(second(datagram(VIP6, 1000), 7)));
  }

  @Test
  void fragments_withExtensionHeaders_needBoth() {
    byte[] datagram = datagram(VIP6, 1000);
    InetAddress whole = backend(withHeader(first(datagram, 7), DESTINATION_OPTIONS, 8));
    assertThat(backend(withHeader(second(datagram, 7), DESTINATION_OPTIONS, 8))).isEqualTo(whole);
    assertDrops(frame(withOptions(first(datagram(VIP4, 1000), 7), 1)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"203.0.113.20", "2001:db8:5::20"})
  void byAddress_anyOrder_goesWhereAllPacketsOfTheClientGo(String vip) {
    Set<InetAddress> used = new HashSet<>();
    for (int i = 1; i < 50; i++) {
      String client = (vip.contains(":") ? "2001:db8::" : "198.51.100.") + i;
      byte[] datagram = datagram(client, 1000, vip, 53);
      InetAddress later = backend(second(datagram, i));
      assertThat(backend(last(datagram, i))).isEqualTo(later);
      assertThat(backend(first(datagram, i))).isEqualTo(later);
      assertThat(backend(Packet.udp(client, 2000, vip, 99).payload(9).ip())).isEqualTo(later);
      used.add(later);
    }
    assertThat(used).hasSizeGreaterThan(3);
  }

  @Test
  void laterFragment_tooBigForTheTunnel_isNotAnswered() {
    for (int backend = 1; backend <= BACKENDS; backend++) {
      dataplane
          .backends()
          .put(
              backend,
              new BackendEntry(
                  address("10.0.0." + backend),
                  new dev.katran.internal.packet.Hop(HOP.mac(), null, 1000)));
    }
    byte[] datagram = datagram(VIP4, 1000);
    assertThat(dataplane.program().run(frame(first(datagram, 7))).verdict())
        .isEqualTo(dev.katran.Verdict.TX);
    assertDrops(frame(second(datagram, 7)));
    assertThat(dataplane.counters().read(Counter.Total.TOO_BIG_V4).packets()).isEqualTo(1);
  }

  @Test
  void fragments_serverId_isNotLookedFor() {
    dataplane.backends().put(9, new BackendEntry(address("10.0.0.9"), HOP));
    dataplane.serverIds().put(Map.of(0x111, 9));
    byte[] option = {(byte) 0xb7, 6, 0x11, 0x01, 0, 0, 1, 1};
    byte[] segment = Packet.tcp(CLIENT4, 1000, VIP4, 443).tcpOptions(option).payload(SIZE).ip();
    InetAddress first = backend(first(segment, 7));
    assertThat(first).isNotEqualTo(address("10.0.0.9"));
    assertThat(backend(second(segment, 7))).isEqualTo(first);
  }

  /** Datagrams are remembered for a time, here for none. */
  public abstract static class Expiry extends DataplaneContract {

    @Override
    DataplaneConfig config() {
      return CONFIG.with(c ->
          c.flowRules =
              new FlowRules(
                  c.flowRules.newFlowsPerSecond(), Duration.ZERO, c.flowRules.changeWindow()));
    }

    @Test
    void laterFragment_longAfterTheFirst_isDropped() {
      dataplane.program().use(new Features(VipFlags.FRAGMENTS, false, false));
      serveByMany(udp(VIP4, 53), 0, VipFlags.FRAGMENTS, BACKENDS);
      dataplane.vips().answerPing(Destination.of(address(VIP4)), true);
      byte[] datagram = datagram(VIP4, 1000);
      forwarded(frame(first(datagram, 7)));
      assertDrops(frame(second(datagram, 7)));
    }
  }
}
