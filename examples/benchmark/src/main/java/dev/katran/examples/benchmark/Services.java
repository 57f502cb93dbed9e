package dev.katran.examples.benchmark;

import dev.katran.Backend;
import dev.katran.Forwarding;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerBuilder;
import dev.katran.Tracking;
import dev.katran.Vip;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** The VIPs and backends of the benchmarks. */
final class Services {

  private Services() {}

  /** Returns the builder of a detached balancer with outer source addresses for GUE. */
  static LoadBalancerBuilder builder() {
    return LoadBalancer.detached()
        .sourceAddress(Family.V4.source())
        .sourceAddress(Family.V6.source());
  }

  /** Returns backends by their numbers. */
  static List<Backend> backends(Family family, Forwarding forwarding, int from, int to) {
    return IntStream.range(from, to)
        .mapToObj(number -> Backend.of(family.backend(number)).via(forwarding))
        .toList();
  }

  /** Returns a VIP by its number. */
  static Vip vip(Family family, int number, Tracking tracking, List<Backend> backends) {
    return Vip.tcp(family.vip(number), FlowFrame.PORT)
        .tracking(tracking)
        .backends(backends)
        .build();
  }

  /** Returns VIPs with the same backends. */
  static List<Vip> vips(Family family, int number, Tracking tracking, List<Backend> backends) {
    return IntStream.range(0, number)
        .mapToObj(each -> vip(family, each, tracking, backends))
        .toList();
  }

  /** Returns the VIPs with every slot moved to another backend and all former backends draining. */
  static List<Vip> replaced(List<Vip> vips, List<Backend> by) {
    return vips.stream().map(vip -> replaced(vip, by)).toList();
  }

  /** Returns a VIP with every slot moved to another backend and all former backends draining. */
  static Vip replaced(Vip vip, List<Backend> by) {
    List<Backend> both = new ArrayList<>(by);
    vip.backends().forEach(backend -> both.add(backend.draining(true)));
    return vip.toBuilder().backends(both).build();
  }
}
