package dev.katran.internal.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.net.Link;
import dev.katran.internal.failure.Failure;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which interfaces are refused, from what the kernel reports about them. */
class XdpInterfaceTest {

  private static final int ETH0 = 2;

  @ParameterizedTest
  @CsvSource({
    "65534, 'no link layer, as of tun and WireGuard (ARPHRD 65534)'",
    "768, IPv4 tunnel (ARPHRD 768)",
    "778, GRE tunnel (ARPHRD 778)",
    "32, InfiniBand (ARPHRD 32)",
    "4711, unknown type (ARPHRD 4711)",
  })
  void of_framesWithoutEthernetHeader_refusesAndNamesTheType(int type, String name) {
    assertThatThrownBy(() -> XdpInterface.of(link(7, "dev7", type, 0, -1)))
        .isInstanceOf(Failure.class)
        .hasMessage(
            "cannot attach to dev7: its frames have no Ethernet header, its type is " + name);
  }

  @Test
  void of_loopback_isAccepted() {
    assertThat(XdpInterface.of(link(1, "no-such-lo", Link.LOOPBACK, 0, -1)).ifindex()).isEqualTo(1);
  }

  @Test
  void vlansAbove_vlanInterfacesOfThisOneOnly_areNamed() {
    List<Link> links =
        List.of(
            link(ETH0, "eth0", Link.ETHERNET, 0, -1),
            link(3, "eth0.7", Link.ETHERNET, ETH0, 7),
            link(4, "eth1.8", Link.ETHERNET, 9, 8),
            link(5, "macvlan0", Link.ETHERNET, ETH0, -1),
            link(6, "eth0.0", Link.ETHERNET, ETH0, 0));

    assertThat(XdpInterface.vlansAbove(ETH0, links)).isEqualTo("eth0.7, eth0.0");
    assertThat(XdpInterface.vlansAbove(5, links)).isEmpty();
  }

  @Test
  void hiddenTags_namesTheVlansAndTheCommand() {
    assertThat(new XdpInterface("eth0", ETH0, null, 1500, "ixgbe").hiddenTags("eth0.7"))
        .contains("eth0.7")
        .endsWith("\"ethtool -K eth0 rxvlan off\"");
    assertThat(new XdpInterface("eth0", ETH0, null, 1500, "veth").hiddenTags("eth0.7"))
        .endsWith("txvlan off\"");
  }

  private static Link link(int index, String name, int type, int lower, int vlanId) {
    String kind = vlanId < 0 ? "" : "vlan";
    return new Link(index, name, null, 1500, true, true, kind, type, lower, 0, vlanId, 0, false);
  }
}
