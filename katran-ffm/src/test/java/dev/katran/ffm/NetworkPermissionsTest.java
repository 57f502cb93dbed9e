package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.net.Ethtool;
import dev.katran.ffm.net.Ethtool.Feature;
import dev.katran.ffm.net.NetworkException;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import org.junit.jupiter.api.Test;

/** Tests the messages for missing capabilities. */
@KernelTest
class NetworkPermissionsTest {

  @Test
  void createNamespace_withoutCapabilities_namesCapSysAdmin() throws Exception {
    Isolated.withoutCapabilities(() ->
        assertThatThrownBy(() -> NetworkNamespace.create("blue"))
            .isInstanceOf(NetworkException.class)
            .hasMessage(
                "create network namespace blue: EPERM (Operation not permitted)\n"
                    + "this needs CAP_SYS_ADMIN"));
  }

  @Test
  void change_withoutCapabilities_namesCapNetAdmin() throws Exception {
    Isolated.withoutCapabilities(() -> {
      try (Rtnetlink netlink = Rtnetlink.open()) {
        int loopback = netlink.link("lo").index();

        assertThat(netlink.links()).isNotEmpty();
        assertThatThrownBy(() -> netlink.delete(loopback))
            .isInstanceOf(NetworkException.class)
            .hasMessageStartingWith(
                "delete interface 1: EPERM (Operation not permitted)\n"
                    + "this needs CAP_NET_ADMIN in the network namespace");
        assertThatThrownBy(() -> Ethtool.setFeature("lo", Feature.GRO, true))
            .isInstanceOf(NetworkException.class)
            .hasMessageContaining("this needs CAP_NET_ADMIN in the network namespace");
      }
    });
  }
}
