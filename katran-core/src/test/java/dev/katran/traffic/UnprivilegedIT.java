package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.AttachMode;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.needs.NeedsSetpriv;
import dev.katran.needs.UnprivilegedJvm;
import java.io.BufferedReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Checks that a process without root privileges can run a load balancer. */
@NeedsSetpriv
class UnprivilegedIT {

  private static final int CONNECTIONS = 20;
  private static final byte[] CONTENT = Service.content(10_000);

  @TempDir Path folder;

  @Test
  void open_threeCapabilities_balances() throws Exception {
    UnprivilegedJvm jvm = UnprivilegedJvm.in(folder);
    try (Testbed testbed = Testbed.of(3, host -> Service.ECHO, AttachMode.AUTOMATIC)) {
      String[] backends =
          testbed.servers().stream()
              .map(server -> server.host().ipv4().getHostAddress())
              .toArray(String[]::new);
      Process process =
          testbed
              .balancer()
              .call(() ->
                  jvm.start(
                      BalancerProcess.class, Set.of("bpf", "perfmon", "net_admin"), backends));
      try (BufferedReader output = process.inputReader()) {
        assertThat(output.readLine()).isEqualTo(BalancerProcess.READY);
        assertThat(programOf(testbed)).isNotZero();

        assertEchoed(testbed, Testbed.VIP_IPV4);
        assertEchoed(testbed, Testbed.VIP_IPV6);

        process.outputWriter().close();
        List<Long> packets = output.lines().map(Long::valueOf).toList();
        assertThat(packets).hasSize(2).allMatch(count -> count > CONNECTIONS * 3);
        assertThat(process.waitFor()).isZero();
        assertThat(programOf(testbed)).isZero();
      } finally {
        process.destroyForcibly();
      }
      assertThat(testbed.servers())
          .allMatch(server -> server.decapsulator().decapsulated().packets() > 0);
    }
  }

  private static void assertEchoed(Testbed testbed, String vip) throws Exception {
    InetSocketAddress target = new InetSocketAddress(InetAddress.ofLiteral(vip), Testbed.PORT);
    for (int i = 0; i < CONNECTIONS; i++) {
      InetSocketAddress source = testbed.client().source(target, 30_000 + i);
      assertThat(testbed.client().tcp(source, target, CONTENT)).isEqualTo(CONTENT);
    }
  }

  private static int programOf(Testbed testbed) throws Exception {
    try (Rtnetlink netlink = testbed.balancer().call(Rtnetlink::open)) {
      return netlink.link(testbed.balancer().ifindex()).xdpProgramId();
    }
  }
}
