package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.AttachMode;
import dev.katran.Backend;
import dev.katran.Flow;
import dev.katran.Hashing;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.RingAlgorithm;
import dev.katran.Simulation;
import dev.katran.Verdict;
import dev.katran.Vip;
import dev.katran.lab.Host;
import dev.katran.needs.NeedsKernel;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Java says where a flow goes, the program in the kernel says so when it is asked, and a real
 * packet goes there.
 */
@NeedsKernel
class SameDecisionIT {

  private static final int FLOWS = 1000;

  /** One flow in so many is a connection; the others are datagrams, which take less time. */
  private static final int FLOWS_PER_CONNECTION = 5;

  private static final List<String> VIPS = List.of(Site.VIP_IPV4, Site.VIP_IPV6);
  private static final List<Integer> PORTS = List.of(Site.PORT, 53, 443, 9000);

  /** Where the router sends all of them to the client. */
  private static final List<String> CLIENT_PREFIXES =
      List.of("198.51.100.0/24", "2001:db8:c11e::/64");

  private static final List<String> CLIENTS =
      List.of(
          "198.51.100.1",
          "198.51.100.7",
          "198.51.100.254",
          "2001:db8:c11e::1",
          "2001:db8:c11e::7:0",
          "2001:db8:c11e:0:ffff:ffff:ffff:ffff");

  private final Map<InetAddress, String> nameOf = new HashMap<>();
  private Site site;
  private LoadBalancer lb;

  @BeforeEach
  void open() throws Exception {
    site = Site.of(4, host -> Service.saying(host.name()), AttachMode.AUTOMATIC);
    for (String prefix : CLIENT_PREFIXES) {
      site.lab().route(prefix, site.client().host());
    }
    CLIENTS.forEach(site.client().host()::addLoopbackAddress);
    for (Server server : site.servers()) {
      for (int port : PORTS.subList(1, PORTS.size())) {
        for (String vip : VIPS) {
          server.listen(vip, port);
        }
      }
    }
    lb = site.open();
    lb.apply(vips());
  }

  @AfterEach
  void close() {
    lb.close();
    site.close();
  }

  @Test
  void javaTheProgramAndThePacketsAgreeOnEveryFlow() throws Exception {
    Map<InetAddress, Integer> flowsOf = new HashMap<>();
    for (Flow flow : randomFlows()) {
      Backend backend = lb.route(flow).backend().orElseThrow();
      Simulation simulation = lb.simulate(frame(flow));

      assertThat(simulation.verdict()).as(flow.toString()).isEqualTo(Verdict.TX);
      assertThat(Encapsulated.read(simulation.frame()).destination())
          .as(flow.toString())
          .isEqualTo(backend.address());
      assertThat(whoAnswers(flow)).as(flow.toString()).isEqualTo(nameOf.get(backend.address()));
      flowsOf.merge(backend.address(), 1, Integer::sum);
    }

    // each backend has had its part, or little would have been proven
    assertThat(flowsOf.keySet()).isEqualTo(nameOf.keySet());
    assertThat(flowsOf.values()).allMatch(flows -> flows > FLOWS / 20);
  }

  /** VIPs of both families that differ in what decides; each server is in them by one address. */
  private List<Vip> vips() {
    List<Backend> backends = new ArrayList<>();
    for (Server server : site.servers()) {
      Host host = server.host();
      InetAddress address = backends.size() % 2 == 0 ? host.ipv4() : host.ipv6();
      nameOf.put(address, host.name());
      backends.add(Backend.of(address).weight(1 + backends.size() % 3));
    }
    List<Vip> vips = new ArrayList<>();
    for (String vip : VIPS) {
      vips.add(Vip.udp(vip, Site.PORT).backends(backends).build());
      vips.add(Vip.udp(vip, 53).backends(backends).hashing(Hashing.SOURCE_ADDRESS).build());
      vips.add(Vip.udp(vip).backends(backends).hashing(Hashing.BOTH_PORTS).build());
      vips.add(Vip.tcp(vip, 443).backends(backends).algorithm(RingAlgorithm.MAGLEV_V2).build());
      vips.add(Vip.tcp(vip).backends(backends).build());
    }
    return vips;
  }

  private static Set<Flow> randomFlows() {
    Random random = new Random(20260101);
    Set<Flow> flows = new LinkedHashSet<>();
    while (flows.size() < FLOWS) {
      String client = CLIENTS.get(random.nextInt(CLIENTS.size()));
      String vip = VIPS.get(client.contains(":") ? 1 : 0);
      int source = 1 + random.nextInt(0xffff);
      int port = PORTS.get(random.nextInt(PORTS.size()));
      flows.add(
          random.nextInt(FLOWS_PER_CONNECTION) == 0
              ? Flow.tcp(client, source, vip, port)
              : Flow.udp(client, source, vip, port));
    }
    return flows;
  }

  private static byte[] frame(Flow flow) {
    Packet packet =
        flow.protocol() == Protocol.TCP
            ? Packet.tcp(
                flow.source(), flow.sourcePort(), flow.destination(), flow.destinationPort())
            : Packet.udp(
                flow.source(), flow.sourcePort(), flow.destination(), flow.destinationPort());
    return packet.frame();
  }

  private String whoAnswers(Flow flow) throws Exception {
    InetSocketAddress from = new InetSocketAddress(flow.source(), flow.sourcePort());
    InetSocketAddress to = new InetSocketAddress(flow.destination(), flow.destinationPort());
    byte[] question = {'?'}; // an empty datagram is not sent by a connected socket of Java's
    byte[] answer =
        flow.protocol() == Protocol.TCP
            ? site.client().tcp(from, to, question)
            : site.client().udp(from, to, question);
    return new String(answer, StandardCharsets.UTF_8);
  }
}
