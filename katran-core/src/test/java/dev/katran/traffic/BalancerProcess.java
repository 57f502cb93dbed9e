package dev.katran.traffic;

import dev.katran.Backend;
import dev.katran.LoadBalancer;
import dev.katran.Vip;
import dev.katran.lab.Host;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;

/** The main class of a process that runs a load balancer until its standard input ends. */
final class BalancerProcess {

  static final String READY = "ready";

  private BalancerProcess() {}

  /**
   * Balances both VIPs of a {@link Testbed}. Prints {@link #READY} once the VIPs are installed and,
   * at the end, the number of packets of each VIP.
   *
   * @param args the addresses of the backends
   */
  public static void main(String[] args) throws IOException {
    List<Backend> backends = Arrays.stream(args).map(Backend::of).toList();
    List<Vip> vips =
        List.of(
            Vip.tcp(Testbed.VIP_IPV4, Testbed.PORT).backends(backends).build(),
            Vip.tcp(Testbed.VIP_IPV6, Testbed.PORT).backends(backends).build());
    try (LoadBalancer lb = LoadBalancer.on(Host.INTERFACE).open()) {
      lb.apply(vips);
      System.out.println(READY);
      System.in.transferTo(OutputStream.nullOutputStream());
      vips.forEach(vip -> System.out.println(lb.counters().vip(vip).orElseThrow().packets()));
    }
  }
}
