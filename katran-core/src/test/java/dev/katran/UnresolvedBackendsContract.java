package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.UnresolvedBackend.Reason;
import dev.katran.internal.control.Control;
import dev.katran.internal.control.FakeClock;
import dev.katran.internal.dataplane.Dataplane;
import dev.katran.internal.dataplane.DataplaneConfig;
import dev.katran.internal.net.MacAddress;
import dev.katran.internal.nexthop.FakeNextHops;
import dev.katran.packets.Encapsulated;
import dev.katran.packets.Packet;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What packets meet while backends have no next hop, find one or lose it. */
abstract class UnresolvedBackendsContract {

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2");
  private static final Vip WEB = Vip.udp("203.0.113.10", 443).backends(ONE, TWO).build();
  private static final String LOST = "-";
  private static final int FLOWS = 40;

  private static final DataplaneConfig CONFIG =
      DataplaneConfig.of(Limits.defaults().vips(16).backends(16).ringSize(127).flowTableSize(4096));

  private final FakeNextHops hops = new FakeNextHops();
  private Control control;
  private LoadBalancer lb;

  /** Opens the dataplane under test. */
  abstract Dataplane open(DataplaneConfig config);

  @BeforeEach
  void openBalancer() {
    control =
        Balancers.control(open(CONFIG), CONFIG, hops, new FakeClock(), (name, task) -> () -> {});
    lb = Balancers.over(control);
  }

  @AfterEach
  void close() {
    lb.close();
  }

  @Test
  void put_backendWithoutNextHop_getsNoSlotsAndIsNamed() {
    hops.lose(ONE.address());
    lb.put(WEB);

    assertThat(Set.copyOf(destinations())).containsExactly("10.0.0.2");
    assertThat(lb.ring(WEB.key()).orElseThrow().share(ONE)).isZero();
    assertThat(lb.unresolved())
        .containsExactly(
            new UnresolvedBackend(
                ONE.key(), Reason.NEIGHBOUR_FAILED, "10.0.0.254 on eth0 does not answer"));
    assertThat(lb.counters().dropped().packets()).isZero();
  }

  @ParameterizedTest
  @EnumSource
  void nextHopFound_backendGetsSlots(Tracking tracking) {
    hops.lose(ONE.address());
    lb.put(WEB.toBuilder().tracking(tracking).build());
    hops.find(ONE.address());
    hops.announce();

    assertThat(lb.unresolved()).isEmpty();
    assertThat(lb.ring(WEB.key()).orElseThrow().share(ONE)).isPositive();
  }

  /** An old flow whose packets went to the lost backend is not left there to be dropped. */
  @ParameterizedTest
  @EnumSource
  void nextHopLost_newFlowsGoElsewhereAtOnce(Tracking tracking) {
    lb.put(WEB.toBuilder().tracking(tracking).build());
    hops.lose(ONE.address());
    hops.announce();

    assertThat(destinations()).containsOnly("10.0.0.2");
    assertThat(lb.unresolved()).extracting(UnresolvedBackend::backend).containsExactly(ONE.key());
  }

  @Test
  void nextHopLost_flowsOfOtherBackendsStay() {
    lb.put(WEB);
    List<String> before = destinations();
    hops.lose(ONE.address());
    hops.announce();
    assertThat(destinations()).containsOnly("10.0.0.2");

    hops.find(ONE.address());
    hops.announce();
    List<String> after = destinations();
    for (int flow = 0; flow < FLOWS; flow++) {
      assertThat(after.get(flow))
          .as("flow %d, which was at %s", flow, before.get(flow))
          .isEqualTo("10.0.0.2");
    }
  }

  /** Two backends of one server share its next hop, and both follow it. */
  @Test
  void nextHop_ofAServerWithTwoPorts_isThatOfBothBackends() {
    Backend other = ONE.port(8080);
    Vip vip =
        Vip.udp("203.0.113.10", 443)
            .forwarding(Forwarding.rewrite())
            .backends(ONE, other, TWO)
            .build();
    lb.put(vip);
    hops.lose(ONE.address());
    hops.announce();
    assertThat(shares(vip)).containsExactly(0.0, 0.0, 1.0);
    assertThat(lb.unresolved()).hasSize(2);

    hops.find(ONE.address());
    hops.announce();
    assertThat(shares(vip)).allSatisfy(share -> assertThat(share).isPositive());

    lb.put(vip.without(TWO.key()));
    hops.move(ONE.address(), MacAddress.parse("02:00:00:00:00:77"));
    hops.announce();
    assertThat(macs()).containsExactly("020000000077");

    lb.put(vip.without(TWO.key()).without(other.key()));
    assertThat(macs()).as("the next hop is known still").containsExactly("020000000077");
  }

  /** Returns where the frames of all flows go. */
  private Set<String> macs() {
    Set<String> macs = new HashSet<>();
    for (int flow = 0; flow < FLOWS; flow++) {
      Simulation result = lb.simulate(frame(flow));
      assertThat(result.verdict()).isEqualTo(Verdict.TX);
      macs.add(HexFormat.of().formatHex(result.frame(), 0, 6));
    }
    return macs;
  }

  private List<Double> shares(Vip vip) {
    Ring ring = lb.ring(vip.key()).orElseThrow();
    return vip.backends().stream().map(each -> ring.share(each.key())).toList();
  }

  @Test
  void allLostAndFound_flowsReturnToTheirBackends() {
    lb.put(WEB);
    List<String> before = destinations();
    assertThat(new HashSet<>(before)).hasSize(2);
    hops.lose(ONE.address());
    hops.lose(TWO.address());
    hops.announce();
    assertThat(destinations()).containsOnly(LOST);
    assertThat(lb.unresolved()).hasSize(2);

    hops.find(ONE.address());
    hops.find(TWO.address());
    hops.announce();
    assertThat(destinations()).isEqualTo(before);
    assertThat(lb.unresolved()).isEmpty();
  }

  @Test
  void nextHopLost_beforeItsChangeIsInstalled_isNoticed() {
    hops.afterResolve = () -> hops.lose(ONE.address());
    lb.put(WEB);

    assertThat(destinations()).containsOnly("10.0.0.2");
    assertThat(lb.unresolved()).hasSize(1);
  }

  @Test
  void nextHopMoves_framesGoToTheNewOne() {
    lb.put(WEB);
    hops.move(ONE.address(), MacAddress.parse("02:00:00:00:00:77"));
    hops.announce();

    assertThat(destinations()).contains("10.0.0.1", "10.0.0.2");
    for (int flow = 0; flow < FLOWS; flow++) {
      Encapsulated frame = Encapsulated.read(lb.simulate(frame(flow)).frame());
      assertThat(frame.destinationMac())
          .isEqualTo(destination(frame).equals("10.0.0.1") ? "020000000077" : "020000000001");
    }
  }

  @Test
  void tick_backendsThatLeft_areNoLongerFollowed() {
    lb.put(WEB);
    lb.put(WEB.without(ONE.key()));
    assertThatThrownBy(() ->
            lb.put(
                Vip.tcp("203.0.113.11", 80)
                    .backends(Backend.of("10.0.0.3").via(Forwarding.gue()))
                    .build()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThat(hops.followed()).contains(Backend.of("10.0.0.3").address());
    control.tick();

    assertThat(hops.followed()).containsExactly(TWO.address());
  }

  /** Returns where packets of some flows are sent now. */
  private List<String> destinations() {
    List<String> destinations = new ArrayList<>();
    for (int flow = 0; flow < FLOWS; flow++) {
      Simulation result = lb.simulate(frame(flow));
      destinations.add(
          result.verdict() == Verdict.DROP ? LOST : destination(Encapsulated.read(result.frame())));
    }
    return destinations;
  }

  private static String destination(Encapsulated frame) {
    return frame.destination().getHostAddress();
  }

  private static byte[] frame(int flow) {
    return Packet.udp("198.51.100.7", 40_000 + flow, "203.0.113.10", 443).frame();
  }
}
