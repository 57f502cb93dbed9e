package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.AttachMode;
import dev.katran.Backend;
import dev.katran.Decapsulation;
import dev.katran.LoadBalancer;
import dev.katran.TunnelEndpoint;
import dev.katran.Vip;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Packet;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Checks that the balancer decapsulates packets that arrive in a tunnel and forwards them. */
@NeedsKernel
class DecapsulationIT {

  private static final int GUE_PORT = 6080;
  private static final int CLIENT_PORT = 40_000;

  @ParameterizedTest
  @CsvSource({
    Testbed.VIP_IPV4 + ", true", Testbed.VIP_IPV4 + ", false",
    Testbed.VIP_IPV6 + ", true", Testbed.VIP_IPV6 + ", false",
  })
  void decapsulate_gueToTunnelEndpoint_forwardsInnerPacket(String address, boolean outerIpv4)
      throws Exception {
    try (Testbed testbed =
            Testbed.of(3, host -> Service.replying(host.name()), AttachMode.AUTOMATIC);
        LoadBalancer lb =
            testbed.open(builder ->
                builder.guePort(GUE_PORT).decapsulation(Decapsulation.STRICT).anyTunnelSource())) {
      InetAddress endpoint = outerIpv4 ? testbed.balancer().ipv4() : testbed.balancer().ipv6();
      List<Backend> backends =
          testbed.servers().stream().map(server -> Backend.of(server.host().ipv6())).toList();
      Vip vip = Vip.udp(address, Testbed.PORT).backends(backends).build();
      lb.put(vip);
      lb.tunnelEndpoints().put(endpoint, TunnelEndpoint.RECIRCULATE);

      InetSocketAddress client = testbed.client().source(Testbed.target(vip), CLIENT_PORT);
      byte[] inner =
          Packet.udp(client.getAddress(), CLIENT_PORT, vip.address(), Testbed.PORT)
              .payload(new byte[] {'?'})
              .ip();
      String reply =
          sendInTunnel(testbed, client, new InetSocketAddress(endpoint, GUE_PORT), inner);

      Backend expected =
          lb.route(Testbed.flow(client, Testbed.target(vip), vip.protocol()))
              .backend()
              .orElseThrow();
      int index = backends.indexOf(expected);
      assertThat(reply).isEqualTo(testbed.servers().get(index).host().name());
      assertThat(lb.counters().decapsulated(vip.key()).orElseThrow().packets()).isEqualTo(1);
    }
  }

  /** Sends the inner packet as an ordinary datagram, whose UDP header is the tunnel's. */
  private static String sendInTunnel(
      Testbed testbed, InetSocketAddress client, InetSocketAddress endpoint, byte[] inner)
      throws Exception {
    return testbed
        .client()
        .host()
        .call(() -> {
          try (DatagramSocket listening = new DatagramSocket(client);
              DatagramSocket sending = new DatagramSocket()) {
            listening.setSoTimeout((int) Client.PATIENCE.toMillis());
            sending.send(new DatagramPacket(inner, inner.length, endpoint));
            DatagramPacket reply = new DatagramPacket(new byte[1500], 1500);
            listening.receive(reply);
            return new String(reply.getData(), 0, reply.getLength(), StandardCharsets.UTF_8);
          }
        });
  }
}
