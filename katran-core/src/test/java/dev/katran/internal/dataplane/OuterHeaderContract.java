package dev.katran.internal.dataplane;

import static dev.katran.packets.Packet.NETWORK;
import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Forwarding;
import dev.katran.internal.net.MacAddress;
import dev.katran.packets.InternetChecksum;
import dev.katran.packets.Packet;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.nio.ByteBuffer;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The options of outer headers, and of whose frames are balanced. */
public abstract class OuterHeaderContract extends DataplaneContract {

  private static final int DONT_FRAGMENT = 0x4000;

  @Override
  DataplaneConfig config() {
    return CONFIG.with(c -> {
      c.copyDontFragment = true;
      c.ipipSources =
          new IpipSources((Inet4Address) address("10.99.0.0"), (Inet6Address) address("fd00:99::"));
      c.own =
          new DataplaneConfig.OwnInterface(
              DataplaneConfig.OwnInterface.TEST_RUN, MacAddress.parse("02:00:00:00:00:01"));
      c.gue =
          GueConfig.NONE
              .withDynamicSourcePorts(true)
              .withSource(address("192.0.2.9"))
              .withSource(address("2001:db8::9"));
    });
  }

  private ByteBuffer sent(byte[] frame) {
    return ByteBuffer.wrap(dataplane.program().run(frame).frame());
  }

  @ParameterizedTest
  @ValueSource(ints = {0, DONT_FRAGMENT, 0x8000, DONT_FRAGMENT | 0x8000})
  void outerIpv4_dontFragment_isCopied(int flags) {
    serveAllFamilies();
    byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).frame();
    ByteBuffer.wrap(frame).putShort(NETWORK + 6, (short) flags);
    ByteBuffer outer = sent(frame);
    assertThat(outer.getInt(NETWORK + 4)).isEqualTo(flags & DONT_FRAGMENT);
    assertThat(InternetChecksum.of(outer.slice(NETWORK, 20))).isZero();
  }

  @Test
  void outerIpv4_ipv6Inside_doesNotFragment() {
    serve(tcp(VIP6, 443), 0, NO_FLAGS, 1, BACKEND4);
    byte[] frame = Packet.tcp(CLIENT6, 49152, VIP6, 443).frame();
    assertThat(sent(frame).getInt(NETWORK + 4)).isEqualTo(DONT_FRAGMENT);
  }

  @Test
  void ipip_configuredPrefix_isTheOuterSource() {
    serveAllFamilies();
    assertThat(forwarded(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame()).source().getAddress())
        .startsWith(10, 99);
    assertThat(forwarded(Packet.tcp(CLIENT6, 49152, VIP6, 443).frame()).source().getAddress())
        .startsWith(0xfd, 0, 0, 0x99, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  @ParameterizedTest
  @ValueSource(strings = {BACKEND4, BACKEND6})
  void gue_dynamicPorts_areInTheirRange(String backend) {
    dataplane.program().use(new Features(0, true, false));
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, backend);
    dataplane.backends().put(1, new BackendEntry(address(backend), Forwarding.gue(), false, HOP));
    int udp = NETWORK + (backend.equals(BACKEND4) ? 20 : 40);
    for (int port = 1024; port < 1100; port++) {
      int source =
          Short.toUnsignedInt(sent(Packet.tcp(CLIENT4, port, VIP4, 443).frame()).getShort(udp));
      assertThat(source).isBetween(49152, 65535);
    }
  }

  @Test
  void frame_toForeignAddress_passes() {
    serveAllFamilies();
    for (int i = 0; i < 6; i++) {
      byte[] frame = Packet.tcp(CLIENT4, 49152, VIP4, 443).frame();
      frame[i] ^= 2;
      assertPasses(frame);
    }
    forwarded(Packet.tcp(CLIENT4, 49152, VIP4, 443).frame());
  }

  @Test
  void gue_innerUdpShorterThanItsPacket_hasNoOuterChecksum() {
    dataplane.program().use(new Features(0, true, false));
    serve(udp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    dataplane.backends().put(1, new BackendEntry(address(BACKEND4), Forwarding.gue(), false, HOP));
    byte[] frame = Packet.udp(CLIENT4, 49152, VIP4, 443).payload(new byte[] {1, 2, 3, 4}).frame();
    ByteBuffer.wrap(frame).putShort(NETWORK + 20 + 4, (short) 10);
    assertThat(sent(frame).getShort(NETWORK + 20 + 6)).isZero();
    assertThat(Arrays.equals(frame, frame.clone())).isTrue();
  }
}
