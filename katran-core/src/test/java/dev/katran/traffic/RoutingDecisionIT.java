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
 * Checks that {@link LoadBalancer#route}, a test run of the kernel program and a real packet select
 * the same backend for a flow.
 */
@NeedsKernel
class RoutingDecisionIT {

  private static final int FLOWS = 1000;

  /** The ratio of all flows to TCP connections; the other flows are datagrams, which are faster. */
  private static final int FLOWS_PER_CONNECTION = 5;

  private static final List<String> VIPS = List.of(Testbed.VIP_IPV4, Testbed.VIP_IPV6);
  private static final List<Integer> PORTS = List.of(Testbed.PORT, 53, 443, 9000);

  /** The networks that the router forwards to the client. */
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

  private final Map<InetAddress, String> serverNames = new HashMap<>();
  private Testbed testbed;
  private LoadBalancer lb;

  @BeforeEach
  void open() throws Exception {
    testbed = Testbed.of(4, host -> Service.replying(host.name()), AttachMode.AUTOMATIC);
    for (String prefix : CLIENT_PREFIXES) {
      testbed.lab().route(prefix, testbed.client().host());
    }
    CLIENTS.forEach(testbed.client().host()::addLoopbackAddress);
    for (Server server : testbed.servers()) {
      for (int port : PORTS.subList(1, PORTS.size())) {
        for (String vip : VIPS) {
          server.listen(vip, port);
        }
      }
    }
    lb = testbed.open();
    lb.apply(vips());
  }

  @AfterEach
  void close() {
    lb.close();
    testbed.close();
  }

  @Test
  void route_randomFlows_agreesWithProgramAndPackets() throws Exception {
    Map<InetAddress, Integer> flowCounts = new HashMap<>();
    for (Flow flow : randomFlows()) {
      Backend backend = lb.route(flow).backend().orElseThrow();
      Simulation simulation = lb.simulate(frame(flow));

      assertThat(simulation.verdict()).as(flow.toString()).isEqualTo(Verdict.TX);
      assertThat(Encapsulated.read(simulation.frame()).destination())
          .as(flow.toString())
          .isEqualTo(backend.address());
      assertThat(replyingServer(flow))
          .as(flow.toString())
          .isEqualTo(serverNames.get(backend.address()));
      flowCounts.merge(backend.address(), 1, Integer::sum);
    }

    // every backend must receive a fair share, or the test proves little
    assertThat(flowCounts.keySet()).isEqualTo(serverNames.keySet());
    assertThat(flowCounts.values()).allMatch(flows -> flows > FLOWS / 20);
  }

  /** Returns VIPs of both families with different ring algorithms and hash inputs. */
  private List<Vip> vips() {
    List<Backend> backends = new ArrayList<>();
    for (Server server : testbed.servers()) {
      Host host = server.host();
      InetAddress address = backends.size() % 2 == 0 ? host.ipv4() : host.ipv6();
      serverNames.put(address, host.name());
      backends.add(Backend.of(address).weight(1 + backends.size() % 3));
    }
    List<Vip> vips = new ArrayList<>();
    for (String vip : VIPS) {
      vips.add(Vip.udp(vip, Testbed.PORT).backends(backends).build());
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

  private String replyingServer(Flow flow) throws Exception {
    InetSocketAddress from = new InetSocketAddress(flow.source(), flow.sourcePort());
    InetSocketAddress to = new InetSocketAddress(flow.destination(), flow.destinationPort());
    byte[] request = {'?'}; // Java does not send an empty datagram on a connected socket
    byte[] reply =
        flow.protocol() == Protocol.TCP
            ? testbed.client().tcp(from, to, request)
            : testbed.client().udp(from, to, request);
    return new String(reply, StandardCharsets.UTF_8);
  }
}
