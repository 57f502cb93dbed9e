package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.AttachMode;
import dev.katran.Backend;
import dev.katran.Counters;
import dev.katran.LoadBalancer;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.needs.NeedsKernel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A client that speaks like one of QUIC stays with its server, whatever address it moves to. */
@NeedsKernel
class QuicIT {

  private static final int CONNECTION_ID = 8;
  private static final int MOVES = 20;

  @ParameterizedTest
  @ValueSource(strings = {Site.VIP_IPV4, Site.VIP_IPV6})
  void aClientThatMovesStaysWithTheServerThatItsConnectionIdNames(String address) throws Exception {
    List<String> homes = List.of("198.51.100.1", "198.51.100.77", "2001:db8:c11e::1");
    try (Site site = Site.of(3, host -> Service.saying(host.name()), AttachMode.AUTOMATIC);
        LoadBalancer lb = site.open()) {
      site.lab().route("198.51.100.0/24", site.client().host());
      site.lab().route("2001:db8:c11e::/64", site.client().host());
      homes.forEach(site.client().host()::addLoopbackAddress);
      List<Backend> backends = site.servers().stream().map(QuicIT::backend).toList();
      Vip vip =
          Vip.udp(address, Site.PORT).quic().tracking(Tracking.ALWAYS).backends(backends).build();
      lb.put(vip);
      for (int i = 0; i < backends.size(); i++) {
        lb.serverIds().put(serverId(i), backends.get(i));
      }

      for (int i = 0; i < backends.size(); i++) {
        String name = site.servers().get(i).host().name();
        for (int move = 0; move < MOVES; move++) {
          assertThat(say(site, vip, homes, move, shortHeader(serverId(i)))).isEqualTo(name);
        }
      }
      // what the client's first packet carries names nobody: the ring chooses
      assertThat(say(site, vip, homes, MOVES, initial(serverId(0)))).startsWith("server-");

      Counters.QuicCounts counts = lb.counters().quic();
      assertThat(counts.routedById()).isEqualTo((long) MOVES * backends.size());
      assertThat(counts.initial()).isEqualTo(1);
      assertThat(counts.routedByRing()).isZero();
    }
  }

  private static Backend backend(Server server) {
    return Backend.of(server.host().ipv4());
  }

  private static int serverId(int server) {
    return 1000 + server;
  }

  /** Sends a datagram from another port than before, and now and then from another address. */
  private static String say(Site site, Vip vip, List<String> homes, int move, byte[] datagram)
      throws Exception {
    InetSocketAddress target = Site.target(vip);
    List<InetSocketAddress> sources =
        homes.stream()
            .map(home -> new InetSocketAddress(home, 30_000 + move))
            .filter(home -> home.getAddress().getClass() == vip.address().getClass())
            .toList();
    byte[] answer = site.client().udp(sources.get(move % sources.size()), target, datagram);
    return new String(answer, StandardCharsets.UTF_8);
  }

  /** A packet of an open connection, whose id (of version 1) holds the server's. */
  private static byte[] shortHeader(int serverId) {
    byte[] packet = new byte[1 + CONNECTION_ID + 20];
    packet[0] = 0x40;
    packet[1] = (byte) (0x40 | serverId >> 10);
    packet[2] = (byte) (serverId >> 2);
    packet[3] = (byte) (serverId << 6);
    return packet;
  }

  /** The first packet of a connection: its id is the client's, even if it looks like a server's. */
  private static byte[] initial(int serverId) {
    byte[] packet = new byte[1200];
    byte[] id = shortHeader(serverId);
    packet[0] = (byte) 0xc0;
    packet[5] = CONNECTION_ID;
    System.arraycopy(id, 1, packet, 6, CONNECTION_ID);
    return packet;
  }
}
