package dev.katran.ffm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.ffm.net.XdpRefusal;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Asks the veth driver, which explains its refusals. */
@KernelTest
class XdpRefusalTest {

  private final NetworkNamespace namespace = NetworkNamespace.create();
  private final BpfObject lab = Lab.load();
  private final int program = lab.program("verdict").fd();
  private Link near;

  @BeforeEach
  void createInterface() {
    try (Rtnetlink netlink = Rtnetlink.open(namespace)) {
      near = netlink.createVeth("eth0", "eth1", namespace, 9000);
    }
  }

  @AfterEach
  void close() {
    lab.close();
    namespace.close();
  }

  @Test
  void explain_mtuTooLarge_isTheDriversText() throws Exception {
    assertThat(namespace.call(() -> XdpRefusal.explain(near.index(), program, true)))
        .endsWith("Peer MTU is too large to set XDP"); // newer kernels put the driver first
  }

  @Test
  void explain_nothingRefused_isEmptyAndAttachesNothing() throws Exception {
    assertThat(namespace.call(() -> XdpRefusal.explain(near.index(), program, false))).isEmpty();
    assertThat(namespace.call(() -> XdpLink.attachedProgram(near.index()))).isEmpty();
  }

  @Test
  void explain_otherProgramAttached_keepsIt() throws Exception {
    try (XdpLink other =
        namespace.call(
            () -> XdpLink.attach(lab.program("report"), near.index(), XdpLink.Mode.GENERIC))) {
      assertThat(namespace.call(() -> XdpRefusal.explain(near.index(), program, false)))
          .isNotEmpty();
      assertThat(other.isAttached()).isTrue();
    }
  }
}
