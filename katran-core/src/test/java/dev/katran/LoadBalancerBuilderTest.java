package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.packets.Packet;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class LoadBalancerBuilderTest {

  private static final Vip WEB =
      Vip.tcp("203.0.113.10", 443).backends(Backend.of("10.0.0.1")).build();

  private static LoadBalancerBuilder inMemory() {
    return LoadBalancer.inMemory().limits(Limits.defaults().ringSize(251).flowTableSize(1024));
  }

  @Test
  void sendPacketTooBig_defaultAndOff_answersOrDropsSilently() {
    byte[] oversized = Packet.tcp("198.51.100.7", 1, "203.0.113.10", 443).payload(1500).frame();
    try (LoadBalancer on = inMemory().open();
        LoadBalancer off = inMemory().sendPacketTooBig(false).open()) {
      on.put(WEB);
      off.put(WEB);

      assertThat(on.simulate(oversized).verdict()).isEqualTo(Verdict.TX);
      assertThat(on.counters().packetTooBigSent()).isEqualTo(new Counters.ByFamily(1, 0));
      assertThat(off.simulate(oversized).verdict()).isEqualTo(Verdict.DROP);
      assertThat(off.counters().packetTooBigSent()).isEqualTo(new Counters.ByFamily(0, 0));
    }
  }

  @Test
  void tcpServerIds_onAndOffAgain_doesNotLookForIds() {
    byte[] frame = Packet.tcp("198.51.100.7", 1, "203.0.113.10", 443).frame();
    try (LoadBalancer on = inMemory().tcpServerIds(true).open();
        LoadBalancer off = inMemory().tcpServerIds(true).tcpServerIds(false).open()) {
      on.put(WEB);
      off.put(WEB);
      on.simulate(frame);
      off.simulate(frame);

      assertThat(on.counters().tcpServerIds())
          .isEqualTo(new Counters.TcpServerIdCounts(0, 1, 0, 0, 0, 0));
      assertThat(off.counters().tcpServerIds())
          .isEqualTo(new Counters.TcpServerIdCounts(0, 0, 0, 0, 0, 0));
    }
  }

  @Test
  void open_nothingSet_hasDefaultLimitsAndNoVips() {
    try (LoadBalancer lb = LoadBalancer.inMemory().open()) {
      assertThat(lb.limits()).isEqualTo(Limits.defaults());
      assertThat(lb.vips()).isEmpty();
    }
  }

  @ParameterizedTest
  @CsvSource({"PT0.999S", "PT0S", "PT-1S", "PT24H0.001S"})
  void changeWindow_outOfRange_throws(Duration window) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> inMemory().changeWindow(window))
        .withMessage("change window %s is not in PT1S..PT24H", window);
  }

  @Test
  void forwardingCores_duplicateCore_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() ->
            inMemory()
                .forwardingCores(ForwardingCore.of(0), ForwardingCore.of(1), ForwardingCore.of(0)))
        .withMessageStartingWith("duplicate core in [");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "router", "02:00:00:00:00", "02:00:00:00:00:01:02", "02-00-00-00-00-01"})
  void via_notAMacAddress_throws(String mac) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NextHop.via(mac))
        .withMessage("MAC address \"%s\" is not of the form 02:00:5e:10:00:01", mac);
  }

  @ParameterizedTest
  @CsvSource({
    "00:00:00:00:00:00, next hop 00:00:00:00:00:00 is the zero address",
    "ff:ff:ff:ff:ff:ff, next hop ff:ff:ff:ff:ff:ff is the address of a group",
    "01:00:5e:00:00:01, next hop 01:00:5e:00:00:01 is the address of a group",
    "33:33:00:00:00:01, next hop 33:33:00:00:00:01 is the address of a group",
  })
  void nextHop_macOfNoInterface_throws(String mac, String message) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> NextHop.via(mac))
        .withMessageStartingWith(message);
  }

  @Test
  void durations_longest_workOrAreRefusedByTheirRange() {
    Duration longest = Duration.ofSeconds(Long.MAX_VALUE, 999_999_999);
    Duration shortest = Duration.ofSeconds(Long.MIN_VALUE);
    try (LoadBalancer lb = inMemory().open()) {
      lb.put(
          Vip.tcp("203.0.113.10", 443)
              .tracking(Tracking.ALWAYS)
              .backends(Backend.of("10.0.0.1"))
              .build());
      lb.simulate(Packet.tcp("198.51.100.7", 1, "203.0.113.10", 443).frame());
      assertThat(lb.flows().report(longest).entries()).isEqualTo(1);
      assertThat(lb.flows().report(longest).idle()).isZero();
      assertThatIllegalArgumentException().isThrownBy(() -> lb.flows().report(shortest));
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> lb.whenDrained(WEB.key(), BackendKey.of("10.0.0.1"), longest, Duration.ZERO));
      assertThatIllegalArgumentException()
          .isThrownBy(
              () -> lb.whenDrained(WEB.key(), BackendKey.of("10.0.0.1"), shortest, Duration.ZERO));
    }
    for (Duration outOfRange : new Duration[] {longest, shortest}) {
      assertThatIllegalArgumentException().isThrownBy(() -> inMemory().changeWindow(outOfRange));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Vip.tcp("203.0.113.10", 443).changeWindow(outOfRange));
      assertThatIllegalArgumentException()
          .isThrownBy(() -> Vip.tcp("203.0.113.10", 443).idleTime(outOfRange));
    }
  }
}
