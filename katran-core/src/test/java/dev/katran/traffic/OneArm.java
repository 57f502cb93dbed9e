package dev.katran.traffic;

import dev.katran.LoadBalancer;
import dev.katran.bpf.BpfPrograms;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/**
 * A client, a balancer and a server at one switch. The balancer has one interface and is the
 * gateway of both networks, so that all packets between client and server come through it. No
 * interface leaves checksums to another one.
 */
final class OneArm implements AutoCloseable {

  static final String CLIENT_V4 = "198.51.100.7";
  static final String CLIENT_V6 = "2001:db8:c::7";
  static final String SERVER_V4 = "10.0.0.11";
  static final String SERVER_V6 = "fd00::11";
  static final String VIP_V4 = "203.0.113.10";
  static final String VIP_V6 = "2001:db8:5::10";

  private static final String INTERFACE = "eth0";
  private static final int MTU = 1500;

  private final List<NetworkNamespace> namespaces = new ArrayList<>();
  private final BpfObject pass = BpfObject.open("pass", BpfPrograms.pass());
  private final NetworkNamespace bridge = namespace("bridge");
  private final NetworkNamespace client = namespace("client");
  private final NetworkNamespace balancer = namespace("balancer");
  private final NetworkNamespace server = namespace("server");

  OneArm() {
    try (Rtnetlink links = Rtnetlink.open(bridge)) {
      int master = links.create("br0", "bridge").index();
      links.setUp(master);
      for (NetworkNamespace each : List.of(client, balancer, server)) {
        int port = links.createVeth(each.name(), INTERFACE, each, MTU).index();
        links.setMaster(port, master);
        links.setUp(port);
        bridge.run(() -> Ethtool.setFeature(each.name(), Ethtool.Feature.TX_CHECKSUM, false));
      }
      // veth delivers frames sent by XDP_TX only to an end that has a program itself
      pass.load();
      int toBalancer = links.link(balancer.name()).index();
      bridge.run(() -> XdpLink.attach(pass.program("pass"), toBalancer, XdpLink.Mode.NATIVE));
      for (String family : List.of("ipv4", "ipv6")) {
        balancer.sysctl("net." + family + ".conf.all.forwarding", "1");
      }
      connect(balancer, "198.51.100.1/24", "2001:db8:c::1/64");
      connect(balancer, "10.0.0.1/24", "fd00::1/64");
      connect(client, CLIENT_V4 + "/24", CLIENT_V6 + "/64");
      connect(server, SERVER_V4 + "/24", SERVER_V6 + "/64");
      gateway(client, "198.51.100.1", "2001:db8:c::1");
      gateway(server, "10.0.0.1", "fd00::1");
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  private NetworkNamespace namespace(String name) {
    NetworkNamespace created = NetworkNamespace.create(name);
    namespaces.add(created);
    return created;
  }

  private static void connect(NetworkNamespace host, String v4, String v6) {
    try (Rtnetlink links = Rtnetlink.open(host)) {
      links.setUp(links.link("lo").index());
      int index = links.link(INTERFACE).index();
      links.setUp(index);
      links.addAddress(index, Cidr.parse(v4));
      links.addAddress(index, Cidr.parse(v6));
    }
    host.run(() -> Ethtool.setFeature(INTERFACE, Ethtool.Feature.TX_CHECKSUM, false));
  }

  private static void gateway(NetworkNamespace host, String v4, String v6) {
    try (Rtnetlink links = Rtnetlink.open(host)) {
      int index = links.link(INTERFACE).index();
      links.addRoute(Cidr.parse("0.0.0.0/0"), InetAddress.ofLiteral(v4), index);
      links.addRoute(Cidr.parse("::/0"), InetAddress.ofLiteral(v6), index);
    }
  }

  /** Gives the server an address of its own that no other host resolves. */
  void addToLoopbackOfServer(String address) {
    try (Rtnetlink links = Rtnetlink.open(server)) {
      links.addAddress(links.link("lo").index(), Cidr.parse(address));
    }
  }

  LoadBalancer open() throws Exception {
    return balancer.call(() -> LoadBalancer.on(INTERFACE).open());
  }

  NetworkNamespace client() {
    return client;
  }

  NetworkNamespace server() {
    return server;
  }

  /** Returns how many packets client and server have dropped because of wrong headers or sums. */
  long wrongPackets() throws Exception {
    Callable<Long> count = OneArm::wrongPacketsHere;
    return client.call(count) + server.call(count);
  }

  private static long wrongPacketsHere() throws Exception {
    List<String> lines = Files.readAllLines(Path.of("/proc/thread-self/net/snmp"));
    long sum = 0;
    for (int i = 0; i < lines.size(); i += 2) {
      String[] names = lines.get(i).split(" ", -1);
      String[] values = lines.get(i + 1).split(" ", -1);
      for (int column = 1; column < names.length; column++) {
        if (names[column].equals("InCsumErrors") || names[column].equals("InHdrErrors")) {
          sum += Long.parseLong(values[column]);
        }
      }
    }
    for (String line : Files.readAllLines(Path.of("/proc/thread-self/net/snmp6"))) {
      if (line.contains("InCsumErrors") || line.contains("InHdrErrors")) {
        sum += Long.parseLong(line.replaceAll(".*\\s", ""));
      }
    }
    return sum;
  }

  @Override
  public void close() {
    namespaces.forEach(NetworkNamespace::close);
    pass.close();
  }
}
