package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import java.util.List;
import org.junit.jupiter.api.Test;

class VipTest {

  private static final Backend ONE = Backend.of("10.0.0.1");
  private static final Backend TWO = Backend.of("10.0.0.2").weight(2);
  private static final Backend THREE = Backend.of("fc00::3");

  private static final Vip WEB = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();

  @Test
  void hasWhatItWasBuiltWith() {
    Vip vip =
        Vip.udp("fc00::1", 53)
            .backends(List.of(THREE, ONE))
            .hashing(Hashing.SOURCE_ADDRESS)
            .algorithm(RingAlgorithm.MAGLEV_V2)
            .build();

    assertThat(vip.key())
        .isEqualTo(new VipKey(InetAddresses.forString("fc00::1"), 53, Protocol.UDP));
    assertThat(vip.address()).isEqualTo(InetAddresses.forString("fc00::1"));
    assertThat(vip.port()).isEqualTo(53);
    assertThat(vip.protocol()).isEqualTo(Protocol.UDP);
    assertThat(vip.backends()).containsExactly(THREE, ONE);
    assertThat(vip.hashing()).isEqualTo(Hashing.SOURCE_ADDRESS);
    assertThat(vip.algorithm()).isEqualTo(RingAlgorithm.MAGLEV_V2);
  }

  @Test
  void hasDefaultsForTheRest() {
    Vip vip = Vip.tcp("203.0.113.10", 443).build();

    assertThat(vip.backends()).isEmpty();
    assertThat(vip.hashing()).isEqualTo(Hashing.FLOW);
    assertThat(vip.algorithm()).isEqualTo(RingAlgorithm.MAGLEV);
  }

  @Test
  void withoutAPortStandsForEveryPort() {
    assertThat(Vip.tcp("203.0.113.10").build().port()).isZero();
    assertThat(Vip.udp("203.0.113.10").build().key())
        .isEqualTo(new VipKey(InetAddresses.forString("203.0.113.10"), 0, Protocol.UDP));
  }

  @Test
  void canBeBuiltFromAKey() {
    assertThat(Vip.of(WEB.key()).backends(ONE, TWO).build()).isEqualTo(WEB);
  }

  @Test
  void backendsReplaceThoseGivenBefore() {
    assertThat(Vip.of(WEB.key()).backends(THREE).backends(ONE, TWO).build()).isEqualTo(WEB);
  }

  @Test
  void withANewBackendHasItAtTheEnd() {
    assertThat(WEB.with(THREE).backends()).containsExactly(ONE, TWO, THREE);
    assertThat(WEB.backends()).containsExactly(ONE, TWO);
  }

  @Test
  void withABackendOfAKnownAddressHasItInThePlaceOfTheOld() {
    assertThat(WEB.with(ONE.weight(5)).backends()).containsExactly(ONE.weight(5), TWO);
  }

  @Test
  void withoutABackendKeepsTheRest() {
    assertThat(WEB.without("10.0.0.1").backends()).containsExactly(TWO);
    assertThat(WEB.without(TWO.address()).backends()).containsExactly(ONE);
    assertThat(WEB.without("10.0.0.1").without("10.0.0.2").backends()).isEmpty();
  }

  @Test
  void withoutAStrangerIsItself() {
    assertThat(WEB.without("10.0.0.9")).isEqualTo(WEB);
  }

  @Test
  void aDrainingBackendKeepsPlaceAndWeight() {
    assertThat(WEB.draining("10.0.0.2").backends()).containsExactly(ONE, TWO.draining(true));
    assertThat(WEB.draining(ONE.address()).backends()).containsExactly(ONE.draining(true), TWO);
    assertThat(WEB.draining("10.0.0.2").with(TWO)).isEqualTo(WEB);
  }

  @Test
  void keepsHashingAndAlgorithmWhenBackendsChange() {
    Vip vip =
        Vip.tcp("203.0.113.10")
            .backends(ONE, TWO)
            .hashing(Hashing.BOTH_PORTS)
            .algorithm(RingAlgorithm.MAGLEV_V2)
            .build();

    assertThat(vip.with(THREE).draining("10.0.0.1").without("fc00::3").with(ONE)).isEqualTo(vip);
  }

  @Test
  void aStrangerCannotDrain() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> WEB.draining("10.0.0.9"))
        .withMessage("10.0.0.9 is not a backend of tcp 203.0.113.10:443");
  }

  @Test
  void aBackendGivenTwiceIsRefused() {
    Vip.Builder builder = Vip.tcp("203.0.113.10").backends(THREE, ONE, THREE.weight(2));

    assertThatIllegalArgumentException()
        .isThrownBy(builder::build)
        .withMessage("backend fc00::3 is given twice for tcp 203.0.113.10 (every port)");
  }

  @Test
  void port0IsRefusedSoThatNobodyMeansEveryPortByAccident() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.tcp("203.0.113.10", 0))
        .withMessage("VIP port 0 of 203.0.113.10: for every port, leave the port out");
  }

  @Test
  void whatIsNoPortIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.tcp("203.0.113.10", 65536))
        .withMessage("VIP port 65536 is not in 0..65535");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> Vip.udp("203.0.113.10", -1))
        .withMessage("VIP port -1 is not in 0..65535");
  }

  @Test
  void itsBackendsCannotBeChangedFromOutside() {
    assertThatExceptionOfType(UnsupportedOperationException.class)
        .isThrownBy(() -> WEB.backends().remove(ONE));
  }

  @Test
  void isEqualToOneBuiltTheSameWay() {
    Vip same = Vip.tcp("203.0.113.10", 443).backends(ONE, TWO).build();

    assertThat(same).isEqualTo(WEB).hasSameHashCodeAs(WEB);
    assertThat(Vip.udp("203.0.113.10", 443).backends(ONE, TWO).build()).isNotEqualTo(WEB);
    assertThat(Vip.tcp("203.0.113.10", 80).backends(ONE, TWO).build()).isNotEqualTo(WEB);
    assertThat(Vip.of(WEB.key()).backends(ONE, TWO).hashing(Hashing.BOTH_PORTS).build())
        .isNotEqualTo(WEB);
    assertThat(Vip.of(WEB.key()).backends(ONE, TWO).algorithm(RingAlgorithm.MAGLEV_V2).build())
        .isNotEqualTo(WEB);
    assertThat(WEB.with(ONE.weight(3))).isNotEqualTo(WEB);
  }

  @Test
  void readsAsItIsWritten() {
    assertThat(WEB).hasToString("tcp 203.0.113.10:443 [10.0.0.1, 10.0.0.2 weight 2]");
    assertThat(WEB.draining("10.0.0.2"))
        .hasToString("tcp 203.0.113.10:443 [10.0.0.1, 10.0.0.2 weight 2 draining]");
    assertThat(
            Vip.udp("fc00::1")
                .hashing(Hashing.DESTINATION_PORT)
                .algorithm(RingAlgorithm.MAGLEV_V2)
                .build())
        .hasToString("udp fc00::1 (every port) [] hashing DESTINATION_PORT algorithm MAGLEV_V2");
    assertThat(Vip.tcp("fc00::1", 443).build().key()).hasToString("tcp [fc00::1]:443");
  }
}
