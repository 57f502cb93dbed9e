package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.google.common.net.InetAddresses;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendTest {

  private static final Backend BACKEND = Backend.of("10.0.0.11");

  @Test
  void of_literal_hasWeight1AndTakesNewFlows() {
    assertThat(BACKEND.address()).isEqualTo(InetAddresses.forString("10.0.0.11"));
    assertThat(BACKEND.weight()).isEqualTo(1);
    assertThat(BACKEND.draining()).isFalse();
    assertThat(BACKEND.takesNewFlows()).isTrue();
  }

  @Test
  void draining_takesNoNewFlowsAndKeepsWeight() {
    Backend draining = BACKEND.weight(3).draining(true);

    assertThat(draining.takesNewFlows()).isFalse();
    assertThat(draining.weight()).isEqualTo(3);
    assertThat(draining.draining(false)).isEqualTo(BACKEND.weight(3));
  }

  @Test
  void takesNewFlows_weight0_isFalse() {
    assertThat(BACKEND.weight(0).takesNewFlows()).isFalse();
  }

  @Test
  void weight_leavesOriginalUnchanged() {
    assertThat(BACKEND.weight(2)).isNotSameAs(BACKEND);
    assertThat(BACKEND.weight()).isEqualTo(1);
  }

  @Test
  void weight_largest_isAccepted() {
    assertThat(BACKEND.weight(1_000_000).weight()).isEqualTo(Backend.MAX_WEIGHT);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, Integer.MIN_VALUE, 1_000_001})
  void weight_outOfRange_throws(int weight) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BACKEND.weight(weight))
        .withMessage("weight %d of backend 10.0.0.11 is not in 0..1000000", weight);
  }

  @Test
  void equals_comparesAllSettings() {
    Backend same = Backend.of(InetAddresses.forString("10.0.0.11"));

    assertThat(same).isEqualTo(BACKEND).hasSameHashCodeAs(BACKEND);
    assertThat(BACKEND)
        .isNotEqualTo(Backend.of("10.0.0.12"))
        .isNotEqualTo(BACKEND.weight(2))
        .isNotEqualTo(BACKEND.draining(true))
        .isNotEqualTo(BACKEND.port(8080))
        .isNotEqualTo(BACKEND.via(Forwarding.ipip()));
  }

  @Test
  void toString_leavesOutDefaults() {
    assertThat(BACKEND).hasToString("10.0.0.11");
    assertThat(Backend.of("FC00:0:0::1").weight(2).draining(true))
        .hasToString("fc00::1 weight 2 draining");
    assertThat(BACKEND.via(Forwarding.rewrite()).port(8080).weight(3))
        .hasToString("10.0.0.11:8080 weight 3 via REWRITE");
  }

  @Test
  void port_isAnotherBackendWithTheSameSettings() {
    Backend other = BACKEND.weight(3).draining(true).via(Forwarding.rewrite()).local(true);

    assertThat(other.port(8080).key()).isEqualTo(BackendKey.of("10.0.0.11", 8080));
    assertThat(other.port(8080).port()).isEqualTo(8080);
    assertThat(other.port(8080).port(0)).isEqualTo(other).hasSameHashCodeAs(other);
    assertThat(other.port(8080))
        .isEqualTo(
            Backend.of(BackendKey.of("10.0.0.11", 8080))
                .weight(3)
                .draining(true)
                .via(Forwarding.rewrite())
                .local(true));
  }
}
