package dev.katran.examples.benchmark;

import dev.katran.Backend;
import dev.katran.Tracking;
import dev.katran.Vip;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What the programs of a comparison balance.
 *
 * @param family the family of clients, VIPs and backends
 * @param tunnel the encapsulation towards the backends
 * @param vips the number of VIPs
 * @param backends the number of backends of a VIP
 * @param ownBackends whether each VIP has backends, and so a ring, of its own
 */
record Scene(Family family, Tunnel tunnel, int vips, int backends, boolean ownBackends) {

  private static final int MAX_VIPS = 10_000;
  private static final int MAX_BACKENDS = 1000;

  /** The largest number of backends of a balancer. */
  private static final int MAX_ALL_BACKENDS = 0xffff;

  Scene {
    require("--vips", vips, MAX_VIPS);
    require("--backends", backends, MAX_BACKENDS);
    int all = allBackends(vips, backends, ownBackends);
    if (all > MAX_ALL_BACKENDS) {
      throw new IllegalArgumentException(
          "--own-backends: %d backends before and after the change, more than %d"
              .formatted(all, MAX_ALL_BACKENDS));
    }
  }

  private static void require(String option, int number, int max) {
    if (number < 1 || number > max) {
      throw new IllegalArgumentException("%s %d is not in 1..%d".formatted(option, number, max));
    }
  }

  private static int allBackends(int vips, int backends, boolean ownBackends) {
    return 2 * backends * (ownBackends ? vips : 1);
  }

  /** Returns the number of backends before and after a change of all of them. */
  int allBackends() {
    return allBackends(vips, backends, ownBackends);
  }

  /** Returns the VIPs. */
  List<Vip> installed(Tracking tracking) {
    return IntStream.range(0, vips)
        .mapToObj(number -> Services.vip(family, number, tracking, backends(number, 0)))
        .toList();
  }

  /** Returns VIPs with every slot moved to another backend and all former backends draining. */
  List<Vip> replaced(List<Vip> installed) {
    return IntStream.range(0, vips)
        .mapToObj(number -> Services.replaced(installed.get(number), backends(number, 1)))
        .toList();
  }

  private List<Backend> backends(int vip, int generation) {
    int from = (2 * (ownBackends ? vip : 0) + generation) * backends;
    return Services.backends(family, tunnel.forwarding(), from, from + backends);
  }

  /** Returns a row with the scene. */
  Row on(Row row) {
    return row.with("family", family.toString())
        .with("encapsulation", tunnel.toString())
        .with("vips", vips)
        .with("backends", backends);
  }

  @Override
  public String toString() {
    return "%s, %s, %d VIPs of %d backends".formatted(family, tunnel, vips, backends);
  }
}
