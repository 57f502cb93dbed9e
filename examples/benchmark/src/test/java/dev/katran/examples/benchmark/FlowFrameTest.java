package dev.katran.examples.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Backend;
import dev.katran.Flow;
import dev.katran.LoadBalancer;
import dev.katran.Protocol;
import dev.katran.Simulation;
import dev.katran.Tracking;
import dev.katran.Verdict;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class FlowFrameTest {

  private static FlowFrame frame(byte[] bytes, Family family) {
    return new FlowFrame(MemorySegment.ofArray(bytes), family);
  }

  @ParameterizedTest
  @EnumSource
  void open_differentNumbers_differentFlows(Family family) {
    FlowFrame frame = frame(new byte[FlowFrame.length(family)], family);
    Set<Flow> flows = new HashSet<>();
    for (int number = 0; number < 10_000; number++) {
      frame.open(number, 0);
      flows.add(frame.flow());
    }
    assertThat(flows).hasSize(10_000);
  }

  @ParameterizedTest
  @EnumSource
  void syn_vipNumber_isDestination(Family family) {
    FlowFrame frame = frame(new byte[FlowFrame.length(family)], family);
    frame.syn(5, 77);
    assertThat(frame.flow().destination()).isEqualTo(InetAddress.ofLiteral(family.vip(77)));
    assertThat(frame.flow().destinationPort()).isEqualTo(FlowFrame.PORT);
    assertThat(frame.flow().protocol()).isEqualTo(Protocol.TCP);
  }

  @ParameterizedTest
  @EnumSource
  void open_frame_isForwardedLikeItsFlow(Family family) {
    byte[] bytes = new byte[FlowFrame.length(family)];
    FlowFrame frame = frame(bytes, family);
    List<Backend> backends = Services.backends(family, Tunnel.IPIP.forwarding(), 0, 3);
    try (LoadBalancer lb = LoadBalancer.inMemory().open()) {
      lb.apply(Services.vips(family, 4, Tracking.NONE, backends));
      for (int number = 0; number < 50; number++) {
        frame.open(number, number % 4);
        Simulation simulation = lb.simulate(bytes);
        assertThat(simulation.verdict()).isEqualTo(Verdict.TX);
        Backend expected = lb.route(frame.flow()).backend().orElseThrow();
        byte[] address = expected.address().getAddress();
        int end = 14 + (family == Family.V4 ? 20 : 40);
        assertThat(simulation.frame()[end - 1]).isEqualTo(address[address.length - 1]);
      }
    }
  }
}
