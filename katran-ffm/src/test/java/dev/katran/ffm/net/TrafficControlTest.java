package dev.katran.ffm.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.katran.ffm.Errno;
import dev.katran.ffm.KernelTest;
import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.tcmsg;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

@KernelTest
class TrafficControlTest {

  private static final int LOOPBACK = 1;
  private static final int INGRESS_HANDLE = 0xffff0000;

  @Test
  void createClsact_twice_createsItOnce() {
    try (NetworkNamespace inside = NetworkNamespace.create()) {
      inside.run(() -> {
        try (TrafficControl control = TrafficControl.open()) {
          control.createClsact(LOOPBACK);
          control.createClsact(LOOPBACK);

          assertThat(control.egressFilters(LOOPBACK)).isEmpty();
        }
      });
    }
  }

  /** An ingress qdisc takes filters for the egress, and runs them on the ingress. */
  @Test
  void createClsact_ingressQdisc_isRefused() {
    try (NetworkNamespace inside = NetworkNamespace.create()) {
      inside.run(() -> {
        addIngress();
        try (TrafficControl control = TrafficControl.open()) {
          assertThatThrownBy(() -> control.createClsact(LOOPBACK))
              .hasMessageContaining("create the clsact qdisc of interface 1: EBUSY")
              .hasMessageContaining("it has a qdisc of kind ingress, which has no egress")
              .asInstanceOf(type(NetworkException.class))
              .returns(Errno.EBUSY, NetworkException::errno);
        }
      });
    }
  }

  private static void addIngress() {
    try (Netlink netlink = Netlink.open()) {
      NetlinkRequest request =
          new NetlinkRequest(LibC.RTM_NEWQDISC(), LibC.NLM_F_CREATE() | LibC.NLM_F_EXCL());
      MemorySegment message = request.struct(tcmsg.layout());
      tcmsg.tcm_ifindex(message, LOOPBACK);
      tcmsg.tcm_parent(message, LibC.TC_H_CLSACT());
      tcmsg.tcm_handle(message, INGRESS_HANDLE);
      netlink.exchange(request.string(LibC.TCA_KIND(), "ingress"), "add an ingress qdisc");
    }
  }
}
