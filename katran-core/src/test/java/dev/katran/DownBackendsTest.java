package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.DownBackends.Mark;
import dev.katran.packets.Packet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class DownBackendsTest {

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Vip DNS =
      Vip.udp("203.0.113.10", 53)
          .backends(ONE, TWO)
          .tracking(Tracking.ALWAYS)
          .udpFlowMigration(true)
          .build();
  private static final Vip OTHER = Vip.udp("203.0.113.11", 53).backends(ONE, TWO).build();

  private static final Vip ABSENT = Vip.tcp("203.0.113.99", 80).build();

  private final LoadBalancer lb =
      LoadBalancer.inMemory().limits(Limits.defaults().ringSize(251)).open();
  private final DownBackends down = lb.downBackends();

  @BeforeEach
  void put() {
    lb.put(DNS);
    lb.put(OTHER);
  }

  @AfterEach
  void close() {
    lb.close();
  }

  @Test
  void add_marksOneBackendOfOneVip() {
    down.add(DNS.key(), ONE.key());
    assertThat(down.contains(DNS.key(), ONE.key())).isTrue();
    assertThat(down.contains(DNS.key(), TWO.key())).isFalse();
    assertThat(down.contains(OTHER.key(), ONE.key())).isFalse();
    assertThat(down.entries()).containsExactly(new Mark(DNS.key(), ONE.key()));

    assertThat(down.remove(DNS.key(), TWO.key())).isFalse();
    assertThat(down.remove(DNS.key(), ONE.key())).isTrue();
    assertThat(down.entries()).isEmpty();
  }

  @Test
  void replace_removesOtherMarks() {
    down.add(DNS.key(), ONE.key());
    Set<Mark> marks = Set.of(new Mark(DNS.key(), TWO.key()), new Mark(OTHER.key(), TWO.key()));
    down.replace(marks);
    assertThat(down.entries()).isEqualTo(marks);
    down.clear();
    assertThat(down.entries()).isEmpty();
  }

  @Test
  void entries_vipOrBackendRemoved_dropsMark() {
    down.add(DNS.key(), ONE.key());
    down.add(OTHER.key(), TWO.key());
    lb.remove(OTHER);
    assertThat(down.entries()).containsExactly(new Mark(DNS.key(), ONE.key()));
    lb.put(DNS.without(ONE.key()));
    assertThat(down.entries()).isEmpty();
  }

  @Test
  void add_vipOrBackendNotInstalled_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> down.add(ABSENT.key(), ONE.key()))
        .withMessage("tcp 203.0.113.99:80 is not installed");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> down.add(DNS.key(), "10.0.0.9"))
        .withMessage("no VIP and no table has the backend 10.0.0.9");
    assertThat(down.entries()).isEmpty();
  }

  @Test
  void add_backendWithTrackedFlow_movesTheFlow() {
    lb.put(DNS.draining(TWO.key()));
    Flow flow = Flow.udp("198.51.100.7", 4000, "203.0.113.10", 53);
    byte[] frame = Packet.udp("198.51.100.7", 4000, "203.0.113.10", 53).frame();
    lb.simulate(frame);
    lb.put(DNS.draining(ONE.key()));
    assertThat(lb.route(flow).reason()).isEqualTo(Route.Reason.FLOW_TABLE);
    assertThat(lb.route(flow).backend().map(Backend::address)).contains(ONE.address());

    down.add(DNS.key(), ONE.key());
    assertThat(lb.route(flow).reason()).isEqualTo(Route.Reason.RING);
    assertThat(lb.route(flow).backend()).contains(TWO);
    lb.simulate(frame);
    assertThat(lb.counters().udpFlowMigrations()).isEqualTo(1);
    assertThat(lb.flows().find(flow).orElseThrow().backend()).isEqualTo(TWO.key());
  }
}
