package dev.katran.traffic;

import dev.katran.Backend;
import dev.katran.LoadBalancer;
import dev.katran.Vip;
import dev.katran.lab.Host;
import java.io.IOException;
import java.io.OutputStream;
import java.util.Arrays;
import java.util.List;

/** A balancer that is all that its process does, until its standard input ends. */
final class BalancerProcess {

  static final String READY = "ready";

  private BalancerProcess() {}

  /**
   * Balances both VIPs of a {@link Site}; says when it is ready, and in the end how many packets
   * the VIPs got.
   *
   * @param args the backends' addresses
   */
  public static void main(String[] args) throws IOException {
    List<Backend> backends = Arrays.stream(args).map(Backend::of).toList();
    List<Vip> vips =
        List.of(
            Vip.tcp(Site.VIP_IPV4, Site.PORT).backends(backends).build(),
            Vip.tcp(Site.VIP_IPV6, Site.PORT).backends(backends).build());
    try (LoadBalancer lb = LoadBalancer.on(Host.INTERFACE).open()) {
      lb.apply(vips);
      System.out.println(READY);
      System.in.transferTo(OutputStream.nullOutputStream());
      vips.forEach(vip -> System.out.println(lb.counters().vip(vip).packets()));
    }
  }
}
