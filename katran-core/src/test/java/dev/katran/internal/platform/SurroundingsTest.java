package dev.katran.internal.platform;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.AttachMode;
import dev.katran.Decapsulator;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerException;
import dev.katran.MissingCapabilityException;
import dev.katran.ffm.Errno;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.internal.dataplane.kernel.Seccomp;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

/** The messages of refusals that depend on the environment: seccomp filters and drivers. */
@NeedsKernel
@NeedsNamespaces
class SurroundingsTest {

  /** Runs a task in a thread that ends with it, because a seccomp filter cannot be removed. */
  private static <T> T inThread(Callable<T> task) throws Exception {
    FutureTask<T> future = new FutureTask<>(task);
    Thread.ofPlatform().start(future);
    return future.get();
  }

  @Test
  void open_seccompForbidsBpf_namesTheFilter() throws Exception {
    Throwable refusal =
        inThread(() -> {
          Seccomp.forbidBpf();
          try (LoadBalancer lb = LoadBalancer.detached().open()) {
            return new AssertionError("opened for " + lb.vips());
          } catch (LoadBalancerException e) {
            return e;
          }
        });

    assertThat(refusal)
        .isInstanceOf(MissingCapabilityException.class)
        .hasMessageContaining("EPERM")
        .hasMessageContaining("it is under a seccomp filter, which must allow bpf(2)")
        .hasMessageContaining("--security-opt seccomp=");
  }

  @Test
  void open_driverWithoutNativeXdp_namesGenericMode() {
    try (NetworkNamespace namespace = NetworkNamespace.create("native");
        Rtnetlink netlink = Rtnetlink.open(namespace)) {
      netlink.setUp(netlink.link("lo").index());

      assertThatThrownBy(
              () -> namespace.call(() -> LoadBalancer.on("lo").attach(AttachMode.NATIVE).open()))
          .isInstanceOf(LoadBalancerException.class)
          .hasMessageStartingWith("cannot attach to lo (driver ")
          .hasMessageEndingWith(
              "; this driver has no native XDP: use AttachMode.GENERIC, or AUTOMATIC");
      assertThatThrownBy(
              () -> namespace.call(() -> Decapsulator.on("lo").attach(AttachMode.NATIVE).open()))
          .hasMessageContaining("this driver has no native XDP");
    }
  }

  @Test
  void advice_errno_namesWhatToChange() {
    XdpInterface eth0 = new XdpInterface("eth0", 2, null, 9000, "veth");

    assertThat(eth0.advice(AttachMode.NATIVE, Errno.EINVAL))
        .contains("MTU of 9000", "ethtool -L eth0 combined 1");
    assertThat(eth0.advice(AttachMode.NATIVE, Errno.ERANGE))
        .contains("ip link set eth0 mtu")
        .doesNotContain("queues");
    assertThat(eth0.advice(AttachMode.NATIVE, Errno.ENOSPC)).contains("lacks queues");
    assertThat(eth0.advice(AttachMode.GENERIC, Errno.EPERM)).contains("CAP_NET_ADMIN");
    assertThat(eth0.advice(AttachMode.GENERIC, Errno.EEXIST)).isEmpty();
  }
}
