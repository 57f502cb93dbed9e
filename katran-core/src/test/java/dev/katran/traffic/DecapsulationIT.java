package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.AttachMode;
import dev.katran.Backend;
import dev.katran.Decapsulation;
import dev.katran.LoadBalancer;
import dev.katran.TunnelEnd;
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

/** What comes to the balancer in a tunnel is balanced as if it had not. */
@NeedsKernel
class DecapsulationIT {

  private static final int GUE_PORT = 6080;
  private static final int CLIENT_PORT = 40_000;

  @ParameterizedTest
  @CsvSource({
    Site.VIP_IPV4 + ", true", Site.VIP_IPV4 + ", false",
    Site.VIP_IPV6 + ", true", Site.VIP_IPV6 + ", false",
  })
  void aFlowInGueIsTakenOutAndForwarded(String address, boolean outerIpv4) throws Exception {
    try (Site site = Site.of(3, host -> Service.saying(host.name()), AttachMode.AUTOMATIC);
        LoadBalancer lb =
            site.open(builder -> builder.guePort(GUE_PORT).decapsulation(Decapsulation.STRICT))) {
      InetAddress end = outerIpv4 ? site.balancer().ipv4() : site.balancer().ipv6();
      List<Backend> backends =
          site.servers().stream().map(server -> Backend.of(server.host().ipv6())).toList();
      Vip vip = Vip.udp(address, Site.PORT).backends(backends).build();
      lb.put(vip);
      lb.tunnelEnds().put(end, TunnelEnd.RECIRCULATE);

      InetSocketAddress client = site.client().source(Site.target(vip), CLIENT_PORT);
      byte[] inner =
          Packet.udp(client.getAddress(), CLIENT_PORT, vip.address(), Site.PORT)
              .payload(new byte[] {'?'})
              .ip();
      String answer = sendInTunnel(site, client, new InetSocketAddress(end, GUE_PORT), inner);

      Backend expected =
          lb.route(Site.flow(client, Site.target(vip), vip.protocol())).backend().orElseThrow();
      int index = backends.indexOf(expected);
      assertThat(answer).isEqualTo(site.servers().get(index).host().name());
      assertThat(lb.counters().decapsulated(vip.key()).packets()).isEqualTo(1);
    }
  }

  /** The UDP header of an ordinary datagram is that of the tunnel, its payload the inner packet. */
  private static String sendInTunnel(
      Site site, InetSocketAddress client, InetSocketAddress end, byte[] inner) throws Exception {
    return site.client()
        .host()
        .call(() -> {
          try (DatagramSocket listening = new DatagramSocket(client);
              DatagramSocket sending = new DatagramSocket()) {
            listening.setSoTimeout((int) Client.PATIENCE.toMillis());
            sending.send(new DatagramPacket(inner, inner.length, end));
            DatagramPacket answer = new DatagramPacket(new byte[1500], 1500);
            listening.receive(answer);
            return new String(answer.getData(), 0, answer.getLength(), StandardCharsets.UTF_8);
          }
        });
  }
}
