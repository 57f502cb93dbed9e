package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Limits;
import dev.katran.Protocol;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.memory.JavaDataplane;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Hex;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

/** Random flows: the backend receives the original packet inside a valid outer packet. */
class RandomFlowsTest {

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().vips(512).backends(64).ringSize(13).maxPacketSize(1514));

  private final JavaDataplane dataplane = new JavaDataplane(CONFIG);
  private final int[] slots = new int[CONFIG.limits().ringSize()];

  @BeforeEach
  void installRing() {
    Arrays.fill(slots, 1);
    dataplane.rings().put(0, slots);
  }

  @AfterEach
  void close() {
    dataplane.close();
  }

  @RepeatedTest(2000)
  void run_randomFlow_decapsulatesToOriginal(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    int length = random.nextBoolean() ? 4 : 16;
    InetAddress client = address(random, length);
    InetAddress vip = unicast(random, length);
    InetAddress backend = unicast(random, random.nextBoolean() ? 4 : 16);
    int sourcePort = random.nextInt(0x10000);
    int port = 1 + random.nextInt(0xffff);
    boolean isTcp = random.nextBoolean();
    byte[] payload = new byte[random.nextInt(1514 - 14 - 40 - 20 + 1)];
    random.nextBytes(payload);
    int trafficClass = random.nextInt(0x100);
    Packet packet =
        (isTcp
                ? Packet.tcp(client, sourcePort, vip, port)
                : Packet.udp(client, sourcePort, vip, port))
            .trafficClass(trafficClass)
            .ttl(random.nextInt(0x100))
            .payload(payload);
    dataplane.backends().put(1, new BackendEntry(backend, DataplaneContract.HOP));
    VipKey key = VipKey.of(isTcp ? Protocol.TCP : Protocol.UDP, vip, port);
    dataplane.vips().put(key, new VipEntry(0, 0));

    Simulation simulation = dataplane.program().run(packet.frame());

    assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
    Encapsulated sent = Encapsulated.read(simulation.frame());
    assertThat(sent.inner()).isEqualTo(Hex.of(packet.ip()));
    assertThat(sent.isIpv6()).isEqualTo(backend.getAddress().length == 16);
    assertThat(sent.protocol()).isEqualTo(length == 16 ? 41 : 4);
    assertThat(sent.trafficClass()).isEqualTo(trafficClass);
    assertThat(sent.ttl()).isEqualTo(64);
    assertThat(sent.rest()).isZero();
    assertThat(sent.checksumVerifies()).isTrue();
    assertThat(sent.destination()).isEqualTo(backend);
    assertThat(sent.source().getAddress())
        .isEqualTo(outerSource(client.getAddress(), sourcePort, sent.isIpv6()));
    assertThat(sent.destinationMac()).isEqualTo("0000deadbeaf");
    assertThat(sent.sourceMac()).isEqualTo(Packet.BALANCER_MAC);
  }

  /** Returns a fixed prefix with the client's last bytes and port mixed in. */
  private static byte[] outerSource(byte[] client, int port, boolean isIpv6) {
    byte[] b = Arrays.copyOfRange(client, client.length - 4, client.length);
    int portHigh = port >> 8;
    int portLow = port & 0xff;
    if (!isIpv6) {
      return new byte[] {(byte) 172, 16, (byte) (b[2] ^ portLow), (byte) (b[3] ^ portHigh)};
    }
    byte[] source = new byte[16];
    source[0] = 0x01;
    source[12] = (byte) (b[0] ^ portHigh);
    source[13] = (byte) (b[1] ^ portLow);
    source[14] = b[2];
    source[15] = b[3];
    return source;
  }

  private static InetAddress address(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    return address(bytes);
  }

  private static InetAddress unicast(Random random, int length) {
    byte[] bytes = new byte[length];
    random.nextBytes(bytes);
    bytes[0] &= 0x3f; // neither loopback, link-local nor a group
    return address(bytes);
  }

  private static InetAddress address(byte[] bytes) {
    try {
      return InetAddress.getByAddress(bytes);
    } catch (UnknownHostException e) {
      throw new AssertionError(e);
    }
  }
}
