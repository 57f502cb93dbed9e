package dev.katran.traffic;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import dev.katran.Count;
import dev.katran.Restoration;
import dev.katran.SourceRestorer;
import dev.katran.UnknownInterfaceException;
import dev.katran.VipKey;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Ethtool.Feature;
import dev.katran.lab.Host;
import dev.katran.lab.Lab;
import dev.katran.needs.NeedsKernel;
import java.io.IOException;
import java.net.ConnectException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.PortUnreachableException;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A plain HTTP server and a plain UDP server that know of no VIP, on a host without its address.
 * The client's kernel verifies all checksums, and its sockets accept only what comes from the VIP.
 */
@NeedsKernel
class SourceRestorerIT {

  private static final int WEB_PORT = 80;
  private static final int SERVER_PORT = 8080;
  private static final int DNS_PORT = 53;
  private static final int UDP_PORT = 5353;

  /** The end of a response's header. */
  private static final String END = "\r\n\r\n";

  private static final int DOWNLOAD = 32 << 20;

  private Lab lab;
  private Client client;
  private Host server;
  private List<Restoration> all;
  private Rewriter rewriter;
  private WebServer http4;
  private WebServer http6;
  private final ExecutorService workers = Executors.newCachedThreadPool();
  private final byte[] content = Service.content(DOWNLOAD);

  @BeforeEach
  void open() throws Exception {
    lab = Lab.create();
    client = new Client(lab.host("client"));
    server = lab.host("server");
    all =
        List.of(
            restoration(VipKey.tcp(Testbed.VIP_IPV4, WEB_PORT), SERVER_PORT),
            restoration(VipKey.tcp(Testbed.VIP_IPV6, WEB_PORT), SERVER_PORT),
            restoration(VipKey.udp(Testbed.VIP_IPV4, DNS_PORT), UDP_PORT),
            restoration(VipKey.udp(Testbed.VIP_IPV6, DNS_PORT), UDP_PORT));
    rewriter = new Rewriter(lab, server, all);
    http4 = serve(server.ipv4());
    http6 = serve(server.ipv6());
  }

  @AfterEach
  void close() throws Exception {
    http4.close();
    http6.close();
    workers.shutdownNow();
    rewriter.close();
    lab.close();
  }

  private Restoration restoration(VipKey vip, int port) {
    boolean isIpv4 = vip.address().getAddress().length == 4;
    return Restoration.of(vip, isIpv4 ? server.ipv4() : server.ipv6(), port);
  }

  private WebServer serve(InetAddress address) throws Exception {
    return WebServer.start(server, new InetSocketAddress(address, SERVER_PORT), content);
  }

  private SourceRestorer restorer(UnaryOperator<SourceRestorer.Builder> settings) throws Exception {
    SourceRestorer.Builder builder = SourceRestorer.on(Host.INTERFACE);
    all.forEach(builder::restore);
    return server.call(() -> settings.apply(builder).open());
  }

  private SourceRestorer restorer() throws Exception {
    return restorer(UnaryOperator.identity());
  }

  /** Returns the body of a response to a request that closes the connection. */
  private byte[] get(String address, int port, int length) throws Exception {
    InetSocketAddress target = new InetSocketAddress(address, port);
    byte[] request = "GET /%d HTTP/1.0\r\n\r\n".formatted(length).getBytes(US_ASCII);
    byte[] response = client.tcp(client.source(target, 0), target, request);
    int head = new String(response, 0, Math.min(response.length, 1000), ISO_8859_1).indexOf(END);
    assertThat(head).isPositive();
    return Arrays.copyOfRange(response, head + END.length(), response.length);
  }

  @ParameterizedTest
  @CsvSource({
    Testbed.VIP_IPV4 + ", true", Testbed.VIP_IPV4 + ", false",
    Testbed.VIP_IPV6 + ", true", Testbed.VIP_IPV6 + ", false",
  })
  void open_download_arrivesWithRightChecksums(String vip, boolean offloads) throws Exception {
    setOffloads(offloads);
    try (SourceRestorer restorer = restorer()) {
      for (int i = 0; i < 2; i++) {
        assertThat(Arrays.equals(get(vip, WEB_PORT, DOWNLOAD), content)).isTrue();
      }
      Count restored = restorer.restored();
      assertThat(restored.bytes()).isGreaterThan(2L * DOWNLOAD);
      // the MTU of 1500 leaves 1448 bytes of a segment over IPv4, and 1428 over IPv6
      assertThat(restored.packets()).isGreaterThan(2L * DOWNLOAD / 1448);
      assertThat(restorer.drops()).isEqualTo(Count.ZERO);
    }
    assertNoChecksumErrors();
  }

  /** Many short connections, which begin and end. */
  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void open_manyConnections_allSucceed(String vip) throws Exception {
    try (SourceRestorer _ = restorer()) {
      for (int i = 0; i < 500; i++) {
        assertThat(get(vip, WEB_PORT, 100 + i)).hasSize(100 + i);
      }
    }
    assertNoChecksumErrors();
    assertThat(SnmpCounters.ipv4(client.host(), "Tcp", "AttemptFails")).isZero();
    assertThat(SnmpCounters.ipv4(client.host(), "Tcp", "EstabResets")).isZero();
  }

  /** The server's kernel makes fragments of answers that are longer than the MTU. */
  @ParameterizedTest
  @CsvSource({
    Testbed.VIP_IPV4 + ", 10, true", Testbed.VIP_IPV4 + ", 1472, false",
    Testbed.VIP_IPV4 + ", 9000, true", Testbed.VIP_IPV4 + ", 60000, false",
    Testbed.VIP_IPV6 + ", 10, true", Testbed.VIP_IPV6 + ", 1452, false",
    Testbed.VIP_IPV6 + ", 9000, true", Testbed.VIP_IPV6 + ", 60000, false",
  })
  void open_udpAnswer_arrivesFromTheVip(String vip, int length, boolean offloads) throws Exception {
    setOffloads(offloads);
    try (SourceRestorer restorer = restorer();
        DatagramSocket socket = answering(vip, length)) {
      InetSocketAddress target = new InetSocketAddress(vip, DNS_PORT);
      for (int i = 0; i < 10; i++) {
        byte[] answer = client.udp(client.source(target, 0), target, new byte[] {'?'});

        assertThat(Arrays.equals(answer, Arrays.copyOf(content, length))).isTrue();
      }
      assertThat(restorer.fragments().packets() > 0).isEqualTo(length > 1472);
      assertThat(socket.isClosed()).isFalse();
    }
    assertNoChecksumErrors();
  }

  private DatagramSocket answering(String vip, int length) throws Exception {
    InetAddress address = vip.indexOf(':') < 0 ? server.ipv4() : server.ipv6();
    DatagramSocket socket = server.call(() -> new DatagramSocket(UDP_PORT, address));
    workers.execute(() -> {
      try {
        while (true) {
          DatagramPacket request = new DatagramPacket(new byte[2000], 2000);
          socket.receive(request);
          socket.send(new DatagramPacket(content, length, request.getSocketAddress()));
        }
      } catch (IOException e) {
        // closed
      }
    });
    return socket;
  }

  /** The client's kernel recognises its datagram in the error. */
  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void open_portUnreachable_reachesTheClientsSocket(String vip) throws Exception {
    try (SourceRestorer restorer = restorer();
        DatagramSocket socket = client.host().call(DatagramSocket::new)) {
      socket.connect(new InetSocketAddress(vip, DNS_PORT));
      socket.setSoTimeout((int) Client.PATIENCE.toMillis());
      socket.send(new DatagramPacket(content, 500));

      assertThatThrownBy(() -> socket.receive(new DatagramPacket(new byte[10], 10)))
          .isInstanceOf(PortUnreachableException.class);
      assertThat(restorer.errors().packets()).isEqualTo(1);
    }
    assertNoChecksumErrors();
  }

  @Test
  void open_closedPort_refusesConnectionFromTheVip() throws Exception {
    http4.close();
    try (SourceRestorer _ = restorer()) {
      assertThatThrownBy(() -> get(Testbed.VIP_IPV4, WEB_PORT, 1))
          .isInstanceOf(ConnectException.class)
          .hasMessageContaining("refused");
    }
  }

  @Test
  void open_connectionOfHostItself_keepsItsAddress() throws Exception {
    try (SourceRestorer restorer = restorer();
        ServerSocket listener = client.host().call(() -> new ServerSocket(0))) {
      InetSocketAddress target =
          new InetSocketAddress(client.host().ipv4(), listener.getLocalPort());
      try (Socket opened = server.call(() -> new Socket(target.getAddress(), target.getPort()));
          Socket accepted = listener.accept()) {
        assertThat(accepted.getInetAddress()).isEqualTo(server.ipv4());
        assertThat(accepted.getPort()).isEqualTo(opened.getLocalPort());
      }
      assertThat(restorer.restored()).isEqualTo(Count.ZERO);
    }
  }

  /** Clients of the server's own address get answers from the VIP, unless they are excepted. */
  @Test
  void except_directConnection_getsAnswersFromTheServer() throws Exception {
    String direct = server.ipv4().getHostAddress();
    try (SourceRestorer restorer =
        restorer(builder -> builder.except(client.host().ipv4().getHostAddress()))) {
      assertThat(get(direct, SERVER_PORT, 1000)).hasSize(1000);
      assertThat(get(Testbed.VIP_IPV6, WEB_PORT, 1000)).hasSize(1000);
      assertThat(restorer.restored().packets()).isPositive();
    }
    try (SourceRestorer _ = restorer()) {
      assertThat(connects(direct, SERVER_PORT)).isFalse();
    }
    assertThat(connects(direct, SERVER_PORT)).isTrue();
  }

  @Test
  void apply_underTraffic_changesWhatIsRestored() throws Exception {
    Restoration web = all.getFirst();
    try (SourceRestorer restorer = restorer()) {
      assertThat(restorer.remove(web)).isTrue();
      assertThat(connects(Testbed.VIP_IPV4, WEB_PORT)).isFalse();
      assertThat(restorer.put(web)).isTrue();
      assertThat(get(Testbed.VIP_IPV4, WEB_PORT, 1000)).hasSize(1000);

      assertThat(restorer.apply(List.of(web))).isTrue();

      assertThat(restorer.entries()).containsExactly(web);
      assertThat(get(Testbed.VIP_IPV4, WEB_PORT, 1000)).hasSize(1000);
      assertThat(connects(Testbed.VIP_IPV6, WEB_PORT)).isFalse();
    }
  }

  private boolean connects(String address, int port) throws Exception {
    return client
        .host()
        .call(() -> {
          try (Socket socket = new Socket()) {
            socket.connect(new InetSocketAddress(address, port), 300);
            return true;
          } catch (SocketException | SocketTimeoutException e) {
            return false;
          }
        });
  }

  @Test
  void open_second_takesOverAndFirstMayClose() throws Exception {
    SourceRestorer first = restorer();
    try (SourceRestorer second = restorer()) {
      assertThat(get(Testbed.VIP_IPV4, WEB_PORT, 1000)).hasSize(1000);
      assertThat(second.restored().packets()).isPositive();

      first.close();
      first.close();

      assertThat(get(Testbed.VIP_IPV4, WEB_PORT, 1000)).hasSize(1000);
      assertThat(second.isAttached()).isTrue();
      assertThat(first.isAttached()).isFalse();
    }
    assertThat(connects(Testbed.VIP_IPV4, WEB_PORT)).isFalse();
  }

  @Test
  void open_interfaceCreatedAgain_restoresAgain() throws Exception {
    try (SourceRestorer restorer = restorer();
        Cable cable = new Cable(lab, server)) {
      assertThat(restorer.isAttached()).isTrue();

      cable.cut();
      assertThat(restorer.isAttached()).isFalse();
      cable.restore(Testbed.VIP_IPV4, Testbed.VIP_IPV6);

      await().atMost(Client.PATIENCE).until(restorer::isAttached);
      rewriter.attach();
      assertThat(get(Testbed.VIP_IPV4, WEB_PORT, 1000)).hasSize(1000);
    }
  }

  @Test
  void open_unknownInterface_namesIt() {
    assertThatThrownBy(
            () -> server.call(() -> SourceRestorer.on("nowhere0").restore(all.getFirst()).open()))
        .isInstanceOf(UnknownInterfaceException.class)
        .hasMessageContaining("\"nowhere0\"");
  }

  @Test
  void close_twice_endsItsThread() throws Exception {
    SourceRestorer restorer = restorer();
    assertThat(threads()).isEqualTo(1);

    restorer.close();
    restorer.close();

    assertThat(threads()).isZero();
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("katran source restorer"))
        .count();
  }

  /** The router's interface to the client computes all checksums that the server leaves open. */
  private void setOffloads(boolean on) {
    server.run(() -> {
      Ethtool.setFeature(Host.INTERFACE, Feature.TX_CHECKSUM, on);
      Ethtool.setFeature(Host.INTERFACE, Feature.GSO, on);
    });
  }

  private void assertNoChecksumErrors() throws Exception {
    for (Host host : new Host[] {client.host(), server}) {
      assertThat(SnmpCounters.ipv4(host, "Ip", "InHdrErrors")).isZero();
      assertThat(SnmpCounters.ipv4(host, "Tcp", "InCsumErrors")).isZero();
      assertThat(SnmpCounters.ipv4(host, "Udp", "InCsumErrors")).isZero();
      assertThat(SnmpCounters.ipv4(host, "Icmp", "InCsumErrors")).isZero();
      assertThat(SnmpCounters.ipv6(host, "Udp6InCsumErrors")).isZero();
      assertThat(SnmpCounters.ipv6(host, "Icmp6InCsumErrors")).isZero();
    }
  }
}
