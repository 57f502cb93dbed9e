package dev.katran.ffm.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.KernelTest;
import dev.katran.ffm.net.Ethtool.Feature;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@KernelTest
class EthtoolTest {

  private final NetworkNamespace namespace = NetworkNamespace.create();

  @BeforeEach
  void createInterface() {
    try (Rtnetlink netlink = Rtnetlink.open(namespace)) {
      netlink.createVeth("eth0", "eth1", namespace, 1500);
    }
  }

  @AfterEach
  void close() {
    namespace.close();
  }

  @Test
  void driver_veth_isReported() throws Exception {
    assertThat(namespace.call(() -> Ethtool.driver("eth0"))).isEqualTo("veth");
  }

  @ParameterizedTest
  @EnumSource(mode = EnumSource.Mode.EXCLUDE, names = "LRO")
  void setFeature_onAndOff_isReported(Feature feature) {
    namespace.run(() -> {
      for (boolean on : new boolean[] {true, false, true}) {
        Ethtool.setFeature("eth0", feature, on);
        assertThat(Ethtool.feature("eth0", feature)).isEqualTo(on);
      }
    });
  }

  /** A veth has nothing to merge with. */
  @Test
  void setFeature_lroOfVeth_isOffAndRefused() {
    namespace.run(() -> {
      assertThat(Ethtool.feature("eth0", Feature.LRO)).isFalse();
      assertThatThrownBy(() -> Ethtool.setFeature("eth0", Feature.LRO, true))
          .isInstanceOf(NetworkException.class)
          .hasMessage("switch LRO of interface eth0 on: EOPNOTSUPP (Operation not supported)");
    });
  }

  @Test
  void driver_unknownInterface_throwsEnodev() {
    namespace.run(() ->
        assertThatThrownBy(() -> Ethtool.driver("eth9"))
            .isInstanceOf(NetworkException.class)
            .hasMessage("find the driver of interface eth9: ENODEV (No such device)"));
  }
}
