package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.AttachMode;
import dev.katran.Backend;
import dev.katran.LoadBalancer;
import dev.katran.QuicCounts;
import dev.katran.Tracking;
import dev.katran.Vip;
import dev.katran.needs.NeedsKernel;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Checks that a QUIC client stays with its server when it migrates to other addresses. */
@NeedsKernel
class QuicIT {

  private static final int CONNECTION_ID = 8;
  private static final int MIGRATIONS = 20;

  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void forward_clientMigrates_followsServerIdInConnectionId(String address) throws Exception {
    List<String> addresses = List.of("198.51.100.1", "198.51.100.77", "2001:db8:c11e::1");
    try (Testbed testbed =
            Testbed.of(3, host -> Service.replying(host.name()), AttachMode.AUTOMATIC);
        LoadBalancer lb = testbed.open()) {
      testbed.lab().route("198.51.100.0/24", testbed.client().host());
      testbed.lab().route("2001:db8:c11e::/64", testbed.client().host());
      addresses.forEach(testbed.client().host()::addLoopbackAddress);
      List<Backend> backends = testbed.servers().stream().map(QuicIT::backend).toList();
      Vip vip =
          Vip.udp(address, Testbed.PORT)
              .quic(true)
              .tracking(Tracking.ALWAYS)
              .backends(backends)
              .build();
      lb.put(vip);
      for (int i = 0; i < backends.size(); i++) {
        lb.serverIds().put(serverId(i), backends.get(i));
      }

      for (int i = 0; i < backends.size(); i++) {
        String name = testbed.servers().get(i).host().name();
        for (int migration = 0; migration < MIGRATIONS; migration++) {
          assertThat(send(testbed, vip, addresses, migration, shortHeader(serverId(i))))
              .isEqualTo(name);
        }
      }
      // the id in an Initial is chosen by the client, so the ring selects the server
      assertThat(send(testbed, vip, addresses, MIGRATIONS, initial(serverId(0))))
          .startsWith("server-");

      QuicCounts counts = lb.counters().quic();
      assertThat(counts.routedById()).isEqualTo((long) MIGRATIONS * backends.size());
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

  /** Sends a datagram from an address and port that depend on the migration; returns the reply. */
  private static String send(
      Testbed testbed, Vip vip, List<String> addresses, int migration, byte[] datagram)
      throws Exception {
    InetSocketAddress target = Testbed.target(vip);
    List<InetSocketAddress> sources =
        addresses.stream()
            .map(address -> new InetSocketAddress(address, 30_000 + migration))
            .filter(address -> address.getAddress().getClass() == vip.address().getClass())
            .toList();
    byte[] reply = testbed.client().udp(sources.get(migration % sources.size()), target, datagram);
    return new String(reply, StandardCharsets.UTF_8);
  }

  /** Returns a short-header packet whose connection id (version 1) contains the server id. */
  private static byte[] shortHeader(int serverId) {
    byte[] packet = new byte[1 + CONNECTION_ID + 20];
    packet[0] = 0x40;
    packet[1] = (byte) (0x40 | serverId >> 10);
    packet[2] = (byte) (serverId >> 2);
    packet[3] = (byte) (serverId << 6);
    return packet;
  }

  /** Returns an Initial whose client-chosen connection id looks like one with a server id. */
  private static byte[] initial(int serverId) {
    byte[] packet = new byte[1200];
    byte[] id = shortHeader(serverId);
    packet[0] = (byte) 0xc0;
    packet[5] = CONNECTION_ID;
    System.arraycopy(id, 1, packet, 6, CONNECTION_ID);
    return packet;
  }
}
