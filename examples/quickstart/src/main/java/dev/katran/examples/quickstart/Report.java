package dev.katran.examples.quickstart;

import dev.katran.BackendKey;
import dev.katran.Count;
import dev.katran.Counters;
import dev.katran.LoadBalancer;
import dev.katran.TunnelKind;
import dev.katran.Vip;
import java.net.InetAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Compares what the balancer and its backends counted. */
final class Report {

  /** The last packets of the last connections may still be in flight. */
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  private static final Duration POLL_INTERVAL = Duration.ofMillis(50);

  private final LoadBalancer lb;
  private final List<BackendServer> servers;

  Report(LoadBalancer lb, List<BackendServer> servers) {
    this.lb = lb;
    this.servers = servers;
  }

  /** One address of a backend: the packets sent to it and the packets that arrived. */
  private record Line(String name, InetAddress address, Count sent, Count arrived) {}

  /** Waits until balancer and backends have counted the same, and returns whether they have. */
  boolean awaitAgreement() throws InterruptedException {
    long deadline = System.nanoTime() + TIMEOUT.toNanos();
    while (!agree()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.sleep(POLL_INTERVAL);
    }
    return true;
  }

  private boolean agree() {
    List<Line> lines = lines();
    Count toVips = lb.vips().stream().map(this::countOf).reduce(Count.ZERO, Count::plus);
    Count toBackends = lines.stream().map(Line::sent).reduce(Count.ZERO, Count::plus);
    return lines.stream().allMatch(line -> line.sent().equals(line.arrived()))
        && toVips.equals(toBackends);
  }

  private Count countOf(Vip vip) {
    return lb.counters().vip(vip).orElseThrow();
  }

  private List<Line> lines() {
    Counters counters = lb.counters();
    List<Line> lines = new ArrayList<>();
    for (BackendServer server : servers) {
      lines.add(line(counters, server, server.ipv4(), TunnelKind.IPIP));
      lines.add(line(counters, server, server.ipv6(), TunnelKind.IPV6_IN_IPV6));
    }
    return lines;
  }

  private static Line line(
      Counters counters, BackendServer server, InetAddress address, TunnelKind kind) {
    return new Line(
        server.name(),
        address,
        counters.backend(BackendKey.of(address)).orElseThrow(),
        server.decapsulator().decapsulated(kind));
  }

  void print(Tally tally) {
    System.out.printf(
        "%n%-36s %21s  %21s%n%-36s %9s %11s  %9s %11s%n",
        "",
        "the balancer counted",
        "the backends counted",
        "",
        "packets",
        "bytes",
        "packets",
        "bytes");
    for (Vip vip : lb.vips()) {
      Count count = countOf(vip);
      System.out.printf("%-36s %9d %11d%n", vip.key(), count.packets(), count.bytes());
    }
    for (Line line : lines()) {
      System.out.printf(
          "%-10s %-25s %9d %11d  %9d %11d%n",
          line.name(),
          line.address().getHostAddress(),
          line.sent().packets(),
          line.sent().bytes(),
          line.arrived().packets(),
          line.arrived().bytes());
    }
    System.out.printf("%n%-36s %21s  %21s%n", "", "the client counted", "the servers counted");
    for (BackendServer server : servers) {
      System.out.printf(
          "%-36s %12d requests  %12d requests%n",
          server.name(), tally.of(server.name()), server.requests());
    }
    System.out.println();
  }
}
