package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.katran.Backend;
import dev.katran.Count;
import dev.katran.Decapsulator;
import dev.katran.LoadBalancer;
import dev.katran.TunnelKind;
import dev.katran.Vip;
import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
import dev.katran.lab.HostOptions;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Packet;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Checks which tunnel packets a decapsulator accepts. Their outer UDP headers are those of ordinary
 * datagrams, and the server listens on GUE's port: what it receives there passed unchanged.
 */
@NeedsKernel
class DecapsulatorIT {

  private static final int CLIENT_PORT = 40_000;
  private static final byte[] REQUEST = {'?'};

  private Testbed testbed;
  private Host server;
  private Listener listener;
  private DatagramSocket tunnelEnd;
  private DatagramSocket client;

  @BeforeEach
  void open() throws Exception {
    testbed = Testbed.of(0, Service.ECHO);
    server = testbed.lab().host("server", HostOptions.DEFAULT.mtu(1600));
    listener = new Listener(server, Service.ECHO);
    tunnelEnd = server.call(() -> new DatagramSocket(Decapsulator.DEFAULT_GUE_PORT));
    client = testbed.client().host().call(() -> new DatagramSocket(CLIENT_PORT));
  }

  @AfterEach
  void close() {
    client.close();
    tunnelEnd.close();
    listener.close();
    testbed.close();
  }

  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void open_defaults_deliverIpip(String address) throws Exception {
    listener.listen(address, Testbed.PORT);
    try (Decapsulator decapsulator = decapsulator(UnaryOperator.identity());
        LoadBalancer lb = testbed.open()) {
      for (InetAddress backend : new InetAddress[] {server.ipv4(), server.ipv6()}) {
        Vip vip = Vip.udp(address, Testbed.PORT).backends(Backend.of(backend)).build();
        lb.put(vip);
        InetSocketAddress source = testbed.client().source(Testbed.target(vip), 0);

        assertThat(testbed.client().udp(source, Testbed.target(vip), REQUEST)).isEqualTo(REQUEST);
      }
      assertThat(decapsulator.decapsulated().packets()).isEqualTo(2);
    }
  }

  @ParameterizedTest
  @CsvSource({
    Testbed.VIP_IPV4 + ", true", Testbed.VIP_IPV4 + ", false",
    Testbed.VIP_IPV6 + ", true", Testbed.VIP_IPV6 + ", false",
  })
  void sources_unlistedSender_passesUnchanged(String vip, boolean outerIpv4) throws Exception {
    listener.listen(vip, Testbed.PORT);
    InetAddress balancer = outerIpv4 ? testbed.balancer().ipv4() : testbed.balancer().ipv6();
    try (Decapsulator decapsulator =
        decapsulator(builder -> builder.sources(balancer.getHostAddress()))) {
      byte[] inner = inner(InetAddress.ofLiteral(vip));

      send(testbed.client().host(), inner, outerIpv4);
      assertThat(receive(tunnelEnd)).contains(inner);
      assertThat(decapsulator.decapsulated()).isEqualTo(Count.ZERO);
      assertThat(listener.datagrams()).isZero();

      send(testbed.balancer(), inner, outerIpv4);
      assertThat(receive(client)).contains(REQUEST);
      assertThat(decapsulator.decapsulated(TunnelKind.GUE).packets()).isEqualTo(1);
    }
  }

  /** The addresses of one family are no prefix of those of the other. */
  @Test
  void sources_allOfOneFamily_doNotContainTheOther() throws Exception {
    try (Decapsulator decapsulator = decapsulator(builder -> builder.sources("0.0.0.0/0"))) {
      listener.listen(Testbed.VIP_IPV4, Testbed.PORT);
      byte[] inner = inner(server.ipv4());

      send(testbed.balancer(), inner, false);
      assertThat(receive(tunnelEnd)).contains(inner);
      send(testbed.balancer(), inner, true);
      await().atMost(Client.PATIENCE).until(() -> decapsulator.decapsulated().packets() == 1);
    }
  }

  @Test
  void open_gueWithoutSources_passesUnchanged() throws Exception {
    listener.listen(Testbed.VIP_IPV4, Testbed.PORT);
    try (Decapsulator decapsulator = decapsulator(UnaryOperator.identity())) {
      byte[] inner = inner(InetAddress.ofLiteral(Testbed.VIP_IPV4));

      send(testbed.balancer(), inner, true);

      assertThat(receive(tunnelEnd)).contains(inner);
      assertThat(decapsulator.decapsulated()).isEqualTo(Count.ZERO);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void anySource_afterSources_acceptsEverySender(boolean outerIpv4) throws Exception {
    listener.listen(Testbed.VIP_IPV4, Testbed.PORT);
    try (Decapsulator decapsulator =
        decapsulator(builder -> builder.sources("192.0.2.1").anySource())) {
      send(testbed.client().host(), inner(InetAddress.ofLiteral(Testbed.VIP_IPV4)), outerIpv4);

      assertThat(receive(client)).contains(REQUEST);
      assertThat(decapsulator.decapsulated().packets()).isEqualTo(1);
    }
  }

  /** A host that forwards would otherwise send the inner packet on, with its forged source. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void open_innerDestinationOfOtherHost_isNotForwarded(boolean ipv4) throws Exception {
    server.sysctl("net.ipv4.conf.all.forwarding", "1");
    server.sysctl("net.ipv6.conf.all.forwarding", "1");
    Host victim = testbed.lab().host("victim");
    InetAddress address = ipv4 ? victim.ipv4() : victim.ipv6();
    byte[] inner = inner(address);
    try (DatagramSocket attacked = victim.call(() -> new DatagramSocket(Testbed.PORT))) {
      try (Decapsulator decapsulator = decapsulator(Decapsulator.Builder::anySource)) {
        send(testbed.client().host(), inner, true);

        assertThat(receive(tunnelEnd)).contains(inner);
        assertThat(decapsulator.decapsulated()).isEqualTo(Count.ZERO);
        assertThat(receive(attacked, Client.IMPATIENCE)).isEmpty();
      }
      try (Decapsulator _ =
          decapsulator(builder -> builder.anySource().vips("192.0.2.1").anyInnerDestination())) {
        send(testbed.client().host(), inner, true);

        assertThat(receive(attacked)).contains(REQUEST);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"127.0.0.1", "::1", "169.254.0.7", "fe80::7", "255.255.255.255"})
  void open_innerDestinationNeverRouted_passesUnchanged(String address) throws Exception {
    if (address.endsWith(":7") || address.endsWith(".7")) {
      addAddress(Host.INTERFACE, address);
    }
    try (Decapsulator decapsulator = decapsulator(Decapsulator.Builder::anySource)) {
      byte[] inner = inner(InetAddress.ofLiteral(address));

      send(testbed.client().host(), inner, true);

      assertThat(receive(tunnelEnd)).contains(inner);
      assertThat(decapsulator.decapsulated()).isEqualTo(Count.ZERO);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {Testbed.VIP_IPV4, Testbed.VIP_IPV6})
  void open_vipAddedLater_isServedSoon(String address) throws Exception {
    try (Decapsulator decapsulator = decapsulator(Decapsulator.Builder::anySource)) {
      byte[] inner = inner(InetAddress.ofLiteral(address));
      send(testbed.client().host(), inner, true);
      assertThat(receive(tunnelEnd)).contains(inner);
      assertThat(decapsulator.decapsulated()).isEqualTo(Count.ZERO);

      listener.listen(address, Testbed.PORT);

      await()
          .atMost(Client.PATIENCE)
          .until(() -> {
            send(testbed.client().host(), inner, true);
            return receive(client, Client.IMPATIENCE).isPresent();
          });
    }
  }

  @Test
  void open_addressRemovedLater_passesUnchanged() throws Exception {
    try (Decapsulator decapsulator = decapsulator(Decapsulator.Builder::anySource);
        Rtnetlink netlink = server.call(Rtnetlink::open);
        NetworkNamespace here = server.call(NetworkNamespace::current)) {
      Link link = netlink.createVeth("vip", "other", here, 1500);
      netlink.setUp(link.index());
      addAddress("vip", Testbed.VIP_IPV4);
      byte[] inner = inner(InetAddress.ofLiteral(Testbed.VIP_IPV4));
      await()
          .atMost(Client.PATIENCE)
          .until(() -> {
            send(testbed.client().host(), inner, true);
            return decapsulator.decapsulated().packets() > 0;
          });
      drain(tunnelEnd);

      netlink.delete(link.index());

      await()
          .atMost(Client.PATIENCE)
          .until(() -> {
            send(testbed.client().host(), inner, true);
            return receive(tunnelEnd, Client.IMPATIENCE).isPresent();
          });
    }
  }

  @Test
  void vips_addressOfHost_passesUnlessListed() throws Exception {
    try (Decapsulator decapsulator =
        decapsulator(builder ->
            builder.anySource().anyInnerDestination().vips("203.0.113.0/24", "2001:db8::/32"))) {
      byte[] toHost = inner(server.ipv4());
      send(testbed.client().host(), toHost, true);
      assertThat(receive(tunnelEnd)).contains(toHost);

      listener.listen(Testbed.VIP_IPV4, Testbed.PORT);
      send(testbed.client().host(), inner(InetAddress.ofLiteral(Testbed.VIP_IPV4)), true);
      assertThat(receive(client)).contains(REQUEST);
      assertThat(decapsulator.decapsulated().packets()).isEqualTo(1);
    }
  }

  @Test
  void close_twice_endsItsThread() throws Exception {
    Decapsulator decapsulator = decapsulator(UnaryOperator.identity());
    assertThat(threads()).isEqualTo(1);

    decapsulator.close();
    decapsulator.close();

    assertThat(threads()).isZero();
    try (Decapsulator _ = decapsulator(builder -> builder.vips(Testbed.VIP_IPV4))) {
      assertThat(threads()).isZero();
    }
  }

  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().equals("katran host addresses"))
        .count();
  }

  private Decapsulator decapsulator(UnaryOperator<Decapsulator.Builder> settings) throws Exception {
    return server.call(() -> settings.apply(Decapsulator.on(Host.INTERFACE)).open());
  }

  private void addAddress(String interfaceName, String address) throws Exception {
    try (Rtnetlink netlink = server.call(Rtnetlink::open)) {
      netlink.addAddress(
          netlink.link(interfaceName).index(), Cidr.host(InetAddress.ofLiteral(address)));
    }
  }

  /** Returns the client's request to an address, as an IP packet. */
  private byte[] inner(InetAddress destination) {
    InetSocketAddress source =
        testbed.client().source(new InetSocketAddress(destination, Testbed.PORT), CLIENT_PORT);
    return Packet.udp(source.getAddress(), CLIENT_PORT, destination, Testbed.PORT)
        .payload(REQUEST)
        .ip();
  }

  /** Sends an inner packet to the server in a tunnel. */
  private void send(Host from, byte[] inner, boolean outerIpv4) throws Exception {
    InetSocketAddress end =
        new InetSocketAddress(
            outerIpv4 ? server.ipv4() : server.ipv6(), Decapsulator.DEFAULT_GUE_PORT);
    from.call(() -> {
      try (DatagramSocket sending = new DatagramSocket()) {
        sending.send(new DatagramPacket(inner, inner.length, end));
      }
      return null;
    });
  }

  private static Optional<byte[]> receive(DatagramSocket socket) throws Exception {
    return receive(socket, Client.PATIENCE);
  }

  private static Optional<byte[]> receive(DatagramSocket socket, Duration patience)
      throws Exception {
    socket.setSoTimeout((int) patience.toMillis());
    DatagramPacket packet = new DatagramPacket(new byte[1500], 1500);
    try {
      socket.receive(packet);
      return Optional.of(Arrays.copyOf(packet.getData(), packet.getLength()));
    } catch (SocketTimeoutException e) {
      return Optional.empty();
    }
  }

  private static void drain(DatagramSocket socket) throws Exception {
    while (receive(socket, Client.IMPATIENCE).isPresent()) {
      // what passed before the address was known
    }
  }
}
