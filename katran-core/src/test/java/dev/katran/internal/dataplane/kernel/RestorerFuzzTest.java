package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.collect.ImmutableSet;
import dev.katran.Protocol;
import dev.katran.Restoration;
import dev.katran.VipKey;
import dev.katran.internal.dataplane.RestorationRules;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Dice;
import dev.katran.packets.Hex;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Random packets of servers become those that a server with the VIP's address would have sent,
 * checksums included, which are computed from scratch. {@code -Dkatran.fuzz.seed} repeats a run.
 */
@NeedsKernel
class RestorerFuzzTest {

  private static final long SEED = Long.getLong("katran.fuzz.seed", System.nanoTime());
  private static final int FRAMES = Integer.getInteger("katran.fuzz.frames", 50_000);
  private static final int RESTORATIONS = 200;
  private static final int LONGEST_PAYLOAD = 1400;
  private static final int LONGEST_QUOTE = 500;

  /** A quote of this many bytes of TCP ends within the checksum, so that it cannot be updated. */
  private static final int HALF_OF_CHECKSUM = 17;

  private final Dice dice = new Dice(SEED);
  private final List<Restoration> restorations = new ArrayList<>();

  /** A packet that the host sends, and what must leave. */
  private static final class Case {

    final byte[] frame;
    final byte[] expected;

    Case(byte[] frame, byte[] expected) {
      this.frame = frame;
      this.expected = expected;
    }
  }

  @Test
  void restore_randomPackets_areThoseOfTheVip() throws Exception {
    for (int i = 0; i < RESTORATIONS; i++) {
      restorations.add(restoration(i));
    }
    RestorationRules rules =
        new RestorationRules(ImmutableSet.copyOf(restorations), ImmutableSet.of());
    long sources = 0;
    long errors = 0;
    try (KernelSourceRestorer restorer = KernelSourceRestorer.load(rules)) {
      for (int i = 0; i < FRAMES; i++) {
        boolean isError = dice.oneIn(3);
        Case next = isError ? error() : answer();
        errors += isError ? 1 : 0;
        sources += isError ? 0 : 1;

        byte[] sent = RestorerRun.of(restorer, next.frame);

        if (!Arrays.equals(sent, next.expected)) {
          assertThat(Hex.of(sent))
              .as("seed %d, frame %d, %s", SEED, i, Hex.of(next.frame))
              .isEqualTo(Hex.of(next.expected));
        }
      }
      assertThat(restorer.restored().packets()).isEqualTo(sources);
      assertThat(restorer.errors().packets()).isEqualTo(errors);
    }
  }

  /** The number makes addresses and ports of servers unique. */
  private Restoration restoration(int number) throws UnknownHostException {
    boolean isIpv4 = dice.coin();
    InetAddress server = address(isIpv4, number);
    Protocol protocol = dice.pick(List.of(Protocol.values()));
    VipKey vip = VipKey.of(protocol, address(isIpv4, number), dice.oneIn(8) ? 0 : port());
    return vip.matchesEveryPort()
        ? Restoration.of(vip, server.getHostAddress())
        : Restoration.of(vip, server, port());
  }

  private InetAddress address(boolean isIpv4, int number) throws UnknownHostException {
    byte[] address = dice.bytes(isIpv4 ? 4 : 16);
    address[0] = (byte) (isIpv4 ? 10 : 0x20);
    address[1] = (byte) number;
    return InetAddress.getByAddress(address);
  }

  private int port() {
    return dice.between(1, 65_535);
  }

  private Case answer() throws UnknownHostException {
    Restoration restoration = dice.pick(restorations);
    int port = restoration.port() == 0 ? port() : restoration.port();
    int vipPort = restoration.vip().port() == 0 ? port : restoration.vip().port();
    InetAddress client = client(restoration);
    int clientPort = port();
    byte[] payload = dice.bytes(dice.below(LONGEST_PAYLOAD));
    boolean noChecksum = dice.oneIn(5);
    return new Case(
        frame(
            packet(restoration, restoration.address(), port, client, clientPort).payload(payload),
            noChecksum),
        frame(
            packet(restoration, restoration.vip().address(), vipPort, client, clientPort)
                .payload(payload),
            noChecksum));
  }

  private Case error() throws UnknownHostException {
    Restoration restoration = dice.pick(restorations);
    int port = restoration.port() == 0 ? port() : restoration.port();
    int vipPort = restoration.vip().port() == 0 ? port : restoration.vip().port();
    InetAddress client = client(restoration);
    int clientPort = port();
    byte[] payload = dice.bytes(dice.below(LONGEST_QUOTE));
    boolean noChecksum = dice.oneIn(5);
    int header = isIpv4(restoration) ? 20 : 40;
    byte[] received =
        ip(
            packet(restoration, client, clientPort, restoration.address(), port).payload(payload),
            noChecksum);
    byte[] wasSent =
        ip(
            packet(restoration, client, clientPort, restoration.vip().address(), vipPort)
                .payload(payload),
            noChecksum);
    int length = dice.between(header + 8, received.length);
    if (length == header + HALF_OF_CHECKSUM) {
      length++;
    }
    return new Case(
        icmp(restoration.address(), client, Arrays.copyOf(received, length)),
        icmp(restoration.vip().address(), client, Arrays.copyOf(wasSent, length)));
  }

  private InetAddress client(Restoration restoration) throws UnknownHostException {
    return address(isIpv4(restoration), dice.below(256));
  }

  private static boolean isIpv4(Restoration restoration) {
    return restoration.address().getAddress().length == 4;
  }

  private static Packet packet(
      Restoration restoration, InetAddress source, int port, InetAddress destination, int to) {
    return restoration.vip().protocol() == Protocol.TCP
        ? Packet.tcp(source, port, destination, to)
        : Packet.udp(source, port, destination, to);
  }

  private byte[] icmp(InetAddress source, InetAddress destination, byte[] quoted) {
    boolean isIpv4 = source.getAddress().length == 4;
    return Packet.icmp(
            source.getHostAddress(), destination.getHostAddress(), isIpv4 ? 3 : 1, isIpv4 ? 3 : 4)
        .payload(quoted)
        .frame();
  }

  private static byte[] ip(Packet packet, boolean noChecksum) {
    byte[] frame = frame(packet, noChecksum);
    return Arrays.copyOfRange(frame, Packet.NETWORK, frame.length);
  }

  /** RFC 768: a checksum that is computed as 0 is sent as 0xffff; 0 means that there is none. */
  private static byte[] frame(Packet packet, boolean noChecksum) {
    if (packet.isUdp() && noChecksum) {
      return packet.frameWithoutUdpChecksum();
    }
    byte[] frame = packet.frame();
    int checksum = Packet.NETWORK + (frame[Packet.NETWORK] >> 4 == 4 ? 20 : 40) + 6;
    if (packet.isUdp() && frame[checksum] == 0 && frame[checksum + 1] == 0) {
      frame[checksum] = -1;
      frame[checksum + 1] = -1;
    }
    return frame;
  }
}
