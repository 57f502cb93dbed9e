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

/** The balancer is the process of a user who is not root. */
@NeedsSetpriv
class UnprivilegedIT {

  private static final int CONNECTIONS = 20;
  private static final byte[] CONTENT = Service.content(10_000);

  @TempDir Path folder;

  @Test
  void somebodyWithThreeCapabilitiesBalances() throws Exception {
    UnprivilegedJvm jvm = UnprivilegedJvm.in(folder);
    try (Site site = Site.of(3, host -> Service.ECHO, AttachMode.AUTOMATIC)) {
      String[] backends =
          site.servers().stream()
              .map(server -> server.host().ipv4().getHostAddress())
              .toArray(String[]::new);
      Process process =
          site.balancer()
              .call(() ->
                  jvm.start(
                      BalancerProcess.class, Set.of("bpf", "perfmon", "net_admin"), backends));
      try (BufferedReader output = process.inputReader()) {
        assertThat(output.readLine()).isEqualTo(BalancerProcess.READY);
        assertThat(programOf(site)).isNotZero();

        assertAnswered(site, Site.VIP_IPV4);
        assertAnswered(site, Site.VIP_IPV6);

        process.outputWriter().close();
        List<Long> packets = output.lines().map(Long::valueOf).toList();
        assertThat(packets).hasSize(2).allMatch(count -> count > CONNECTIONS * 3);
        assertThat(process.waitFor()).isZero();
        assertThat(programOf(site)).isZero();
      } finally {
        process.destroyForcibly();
      }
      assertThat(site.servers())
          .allMatch(server -> server.decapsulator().decapsulated().packets() > 0);
    }
  }

  private static void assertAnswered(Site site, String vip) throws Exception {
    InetSocketAddress target = new InetSocketAddress(InetAddress.ofLiteral(vip), Site.PORT);
    for (int i = 0; i < CONNECTIONS; i++) {
      InetSocketAddress source = site.client().source(target, 30_000 + i);
      assertThat(site.client().tcp(source, target, CONTENT)).isEqualTo(CONTENT);
    }
  }

  private static int programOf(Site site) {
    try (Rtnetlink netlink = Rtnetlink.open(site.balancer().namespace())) {
      return netlink.link(site.balancer().ifindex()).xdpProgramId();
    }
  }
}
