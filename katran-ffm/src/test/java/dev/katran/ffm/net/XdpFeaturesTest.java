package dev.katran.ffm.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.katran.ffm.KernelTest;
import dev.katran.ffm.net.XdpFeatures.Redirect;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Asks for the XDP features of a veth pair, which depend on the other end. */
@KernelTest
class XdpFeaturesTest {

  private final NetworkNamespace left = NetworkNamespace.create("left");
  private final NetworkNamespace right = NetworkNamespace.create("right");
  private final Rtnetlink netlink = Rtnetlink.open(left);
  private Link near;
  private XdpFeatures features;

  @BeforeEach
  void connect() throws Exception {
    near = netlink.createVeth("near", "far", right, 1500);
    features = left.call(XdpFeatures::open);
  }

  @AfterEach
  void close() {
    features.close();
    netlink.close();
    left.close();
    right.close();
  }

  @Test
  void redirect_veth_followsTheOtherEnd() {
    assumeThat(features.redirect(near.index()))
        .as("Linux 6.3 or later")
        .isNotEqualTo(Redirect.UNKNOWN);
    netlink.setUp(near.index());
    try (Rtnetlink other = Rtnetlink.open(right)) {
      other.setUp(other.link("far").index());
    }
    assertThat(features.redirect(near.index())).isEqualTo(Redirect.DROPPED);

    right.run(() -> Ethtool.setFeature("far", Ethtool.Feature.GRO, true));
    assertThat(features.redirect(near.index())).isEqualTo(Redirect.SENT);
  }

  @Test
  void redirect_loopbackAndUnknown_areDroppedAndRefused() {
    assumeThat(features.redirect(near.index())).isNotEqualTo(Redirect.UNKNOWN);

    assertThat(features.redirect(netlink.link("lo").index())).isEqualTo(Redirect.DROPPED);
    assertThatThrownBy(() -> features.redirect(9999))
        .isInstanceOf(NetworkException.class)
        .hasMessageStartingWith("find XDP features of interface 9999: ENODEV");
  }
}
