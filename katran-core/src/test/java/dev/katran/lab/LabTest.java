package dev.katran.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

import dev.katran.Backend;
import dev.katran.LoadBalancer;
import dev.katran.Vip;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Ethtool.Feature;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@NeedsKernel
@NeedsNamespaces
class LabTest {

  private static final int IPV4_UDP = 20 + 8;
  private static final int IPV6_UDP = 40 + 8;
  private static final int ETHERNET = 14;

  private final Lab lab = Lab.create();
  private final Host client = lab.host("client");
  private final Host server = lab.host("server", HostOptions.DEFAULT.mtu(1600));

  @AfterEach
  void close() {
    lab.close();
  }

  @Test
  void hostsHaveAddressesInOrder() {
    assertThat(client).hasToString("client (10.0.1.2, fc00:0:0:1:0:0:0:2)");
    assertThat(server).hasToString("server (10.0.2.2, fc00:0:0:2:0:0:0:2)");
    assertThat(server.routerIpv4()).isEqualTo(InetAddress.ofLiteral("10.0.2.1"));
    assertThat(server.routerIpv6()).isEqualTo(InetAddress.ofLiteral("fc00:0:0:2::1"));
    assertThat(lab.hosts()).containsExactly(client, server);
  }

  @Test
  void hostsKnowTheirInterface() throws Exception {
    try (Rtnetlink ofServer = server.call(Rtnetlink::open);
        Rtnetlink ofRouter = lab.router().call(Rtnetlink::open)) {
      assertThat(ofServer.link("eth0").index()).isEqualTo(server.ifindex());
      assertThat(ofServer.link("eth0").mac()).hasToString(server.mac());
      assertThat(ofServer.link("eth0").mtu()).isEqualTo(1600);
      assertThat(ofRouter.link("server").mac()).hasToString(server.routerMac());
      assertThat(ofRouter.link("server").mtu()).isEqualTo(1600);
      assertThat(ofRouter.link("client").mtu()).isEqualTo(1500);
    }
  }

  @Test
  void explicitAddresses() throws Exception {
    Host other =
        lab.host("other", HostOptions.DEFAULT.address("198.51.100.7/24").address("2001:db8::7/64"));
    Host mixed = lab.host("mixed", HostOptions.DEFAULT.address("10.0.4.77/24"));
    Host next = lab.host("next");

    assertThat(other).hasToString("other (198.51.100.7, 2001:db8:0:0:0:0:0:7)");
    assertThat(other.routerIpv4()).isEqualTo(InetAddress.ofLiteral("198.51.100.1"));
    assertThat(mixed).hasToString("mixed (10.0.4.77, fc00:0:0:3:0:0:0:2)");
    assertThat(next).hasToString("next (10.0.5.2, fc00:0:0:5:0:0:0:2)");
    assertReachable(client, other.ipv4());
    assertReachable(other, mixed.ipv6());
  }

  @Test
  void addressesAndNamesInUseAreRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lab.host("third", HostOptions.DEFAULT.address("10.0.1.77/24")))
        .withMessageStartingWith("host third: no network is free for MTU 1500")
        .withMessageContaining("10.0.1.77/24");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lab.host("client"))
        .withMessage("host client exists already");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "lo", "Client", "sixteen-bytes-xx", "a/b", "1st"})
  void anUnusableNameIsRefused(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> lab.host(name))
        .withMessageStartingWith("host name \"" + name + "\": must");
  }

  @Test
  void hostsReachEachOtherAndTheRouter() throws Exception {
    for (InetAddress address :
        new InetAddress[] {
          server.ipv4(), server.ipv6(), server.routerIpv4(), client.routerIpv6(),
        }) {
      assertReachable(client, address);
    }
    assertThat(client.call(() -> InetAddress.ofLiteral("10.0.2.99").isReachable(200))).isFalse();
  }

  @Test
  void theFirstPacketArrivesAtOnce() throws Exception {
    for (Host host : new Host[] {lab.host("third"), lab.host("fourth")}) {
      long start = System.nanoTime();
      Traffic.udp(client, host, host.ipv6(), 100);
      Traffic.udp(client, host, host.ipv4(), 100);

      assertThat(System.nanoTime() - start).isLessThan(500_000_000L);
    }
  }

  @Test
  void tcpOverBothFamilies() throws Exception {
    int length = 1 << 20;
    for (InetAddress address : new InetAddress[] {server.ipv4(), server.ipv6()}) {
      assertThat(Traffic.tcp(client, server, address, length)).isEqualTo(Traffic.random(length));
    }
  }

  @Test
  void udpUpToTheMtuAndBeyond() throws Exception {
    for (int length : new int[] {0, 1, 1500 - IPV4_UDP, 1500 - IPV4_UDP + 1, 10_000}) {
      assertThat(Traffic.udp(client, server, server.ipv4(), length))
          .isEqualTo(Traffic.random(length));
    }
    for (int length : new int[] {0, 1, 1500 - IPV6_UDP, 1500 - IPV6_UDP + 1, 10_000}) {
      assertThat(Traffic.udp(client, server, server.ipv6(), length))
          .isEqualTo(Traffic.random(length));
    }
  }

  /** Frames beyond the MTU would be a quarter of the number, and counted so. */
  @Test
  void noFrameIsLongerThanTheMtu() throws Exception {
    int length = 4 << 20;
    for (InetAddress address : new InetAddress[] {server.ipv4(), server.ipv6()}) {
      Counts before = Counts.of(server);
      Traffic.tcp(client, server, address, length);
      Counts after = Counts.of(server);

      assertThat(after.receivedPackets() - before.receivedPackets())
          .isGreaterThan((long) length / 1500);
      assertThat(after.meanReceived(before)).isLessThanOrEqualTo(1500 + ETHERNET);
      assertThat(after.meanSent(before)).isLessThanOrEqualTo(1600 + ETHERNET);
    }
  }

  @Test
  void offloadsAreThoseOfAWire() {
    Node[] nodes = {server, lab.router()};
    String[] interfaces = {Host.INTERFACE, "server"};
    for (int i = 0; i < nodes.length; i++) {
      String name = interfaces[i];
      nodes[i].run(() -> {
        assertThat(Ethtool.driver(name)).isEqualTo("veth");
        assertThat(Ethtool.feature(name, Feature.TX_CHECKSUM)).isFalse();
      });
    }
  }

  /** The program answers pings of a VIP itself, by XDP_TX; nothing else is sent meanwhile. */
  @Test
  void theAnswerOfAnXdpProgramArrivesAtOnce() throws Exception {
    for (String vip : new String[] {"203.0.113.10", "2001:db8:feed::10"}) {
      lab.route(vip, server);
      assertReachable(client, server.ipv4());
      assertReachable(client, server.ipv6());
      try (LoadBalancer lb = server.call(() -> LoadBalancer.on(Host.INTERFACE).open())) {
        lb.put(Vip.tcp(vip, 443).backends(Backend.of("10.0.1.2")).build());

        for (int i = 0; i < 3; i++) {
          assertReachable(client, InetAddress.ofLiteral(vip));
        }
      }
    }
  }

  @Test
  void aNarrowLinkIsDiscovered() throws Exception {
    Host narrow = lab.host("narrow", HostOptions.DEFAULT.mtu(1280));
    int length = 1 << 18;
    for (InetAddress address : new InetAddress[] {narrow.ipv4(), narrow.ipv6()}) {
      assertThat(Traffic.tcp(server, narrow, address, length)).isEqualTo(Traffic.random(length));
    }
    // Over TCP the handshake has told already; here, the router's message does.
    for (InetAddress address : new InetAddress[] {narrow.ipv4(), narrow.ipv6()}) {
      assertThat(timesSentUntilReceived(client, narrow, address, 1400)).isBetween(2, 20);
    }
  }

  @Test
  void aRoutedPrefixGoesToItsHost() throws Exception {
    Host other = lab.host("other");
    for (String vip : new String[] {"203.0.113.10", "2001:db8:feed::10"}) {
      InetAddress address = InetAddress.ofLiteral(vip);
      server.addLoopbackAddress(vip);
      other.addLoopbackAddress(vip);
      for (Host host : new Host[] {server, other, server}) {
        lab.route(vip, host);

        assertThat(Traffic.udp(client, host, address, 10)).isEqualTo(Traffic.random(10));
        assertThat(Traffic.tcp(client, host, address, 5_000)).isEqualTo(Traffic.random(5_000));
      }
    }
  }

  @Test
  void theRouterAnswersWhoIsOnTheLink() throws Exception {
    try (Rtnetlink ofServer = server.call(Rtnetlink::open)) {
      for (InetAddress router : new InetAddress[] {server.routerIpv4(), server.routerIpv6()}) {
        assertThat(ofServer.route(client.ipv4()).gateway()).isEqualTo(server.routerIpv4());
        ofServer.probe(server.ifindex(), router);
        await()
            .atMost(Duration.ofSeconds(2))
            .untilAsserted(() ->
                assertThat(ofServer.neighbour(server.ifindex(), router))
                    .hasToString(server.routerMac()));
      }
    }
  }

  @Test
  void nothingIsLeftBehind() throws Exception {
    lab.close();
    long descriptors = openDescriptors();
    try (Lab another = Lab.create()) {
      another.host("ephemeral-one").start("ephemeral-echo", LabTest::sleep);
      another.host("ephemeral-two");
    }
    Thread.sleep(100); // what was interrupted ends soon

    assertThat(openDescriptors()).isEqualTo(descriptors);
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("ephemeral") || name.equals("router"));
  }

  private static void assertReachable(Host from, InetAddress address) throws Exception {
    assertThat(from.call(() -> address.isReachable(5_000))).as(address.toString()).isTrue();
  }

  private static int timesSentUntilReceived(Host from, Host to, InetAddress address, int length)
      throws Exception {
    try (DatagramSocket receiver =
            to.call(() -> new DatagramSocket(new InetSocketAddress(address, 0)));
        DatagramSocket sender = from.call(() -> new DatagramSocket())) {
      receiver.setSoTimeout(50);
      byte[] sent = Traffic.random(length);
      DatagramPacket received = new DatagramPacket(new byte[length], length);
      for (int times = 1; ; times++) {
        sender.send(new DatagramPacket(sent, length, receiver.getLocalSocketAddress()));
        try {
          receiver.receive(received);
          assertThat(Arrays.copyOf(received.getData(), received.getLength())).isEqualTo(sent);
          return times;
        } catch (SocketTimeoutException e) {
          assertThat(times).isLessThan(20);
        }
      }
    }
  }

  private static void sleep() {
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException e) {
      // the end
    }
  }

  private static long openDescriptors() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  /** What eth0 has counted, from its line in /proc/net/dev. */
  private record Counts(
      long receivedBytes, long receivedPackets, long sentBytes, long sentPackets) {

    static Counts of(Node node) throws Exception {
      return node.call(() ->
          Files.readAllLines(Path.of("/proc/thread-self/net/dev")).stream()
              .map(String::strip)
              .filter(line -> line.startsWith(Host.INTERFACE + ":"))
              .map(line -> line.substring(line.indexOf(':') + 1).strip().split("\\s+", -1))
              .map(f ->
                  new Counts(
                      Long.parseLong(f[0]),
                      Long.parseLong(f[1]),
                      Long.parseLong(f[8]),
                      Long.parseLong(f[9])))
              .findFirst()
              .orElseThrow());
    }

    double meanReceived(Counts before) {
      return (double) (receivedBytes - before.receivedBytes)
          / (receivedPackets - before.receivedPackets);
    }

    double meanSent(Counts before) {
      return (double) (sentBytes - before.sentBytes) / (sentPackets - before.sentPackets);
    }
  }
}
