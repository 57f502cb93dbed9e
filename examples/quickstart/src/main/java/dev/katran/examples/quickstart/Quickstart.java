package dev.katran.examples.quickstart;

import dev.katran.BackendKey;
import dev.katran.KernelResources;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerException;
import dev.katran.Vip;
import dev.katran.lab.Host;
import dev.katran.lab.HostOptions;
import dev.katran.lab.Lab;
import dev.katran.lab.LabException;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Builds a small network, opens a load balancer in it, sends HTTP requests through it, drains a
 * backend halfway, and compares what the client, the balancer and the backends counted. Then runs
 * the balancer in a JVM of its own, and kills that under requests.
 */
@Command(
    name = "quickstart",
    mixinStandardHelpOptions = true,
    description = "Serves HTTP requests through an XDP load balancer, then kills its process.")
public final class Quickstart implements Callable<Integer> {

  /** Leaves room for the outer header on the way to the backends. */
  private static final HostOptions FABRIC = HostOptions.DEFAULT.mtu(1600);

  @Option(
      names = "--requests",
      defaultValue = "1000",
      description = "requests over IPv4, and as many over IPv6 (default: ${DEFAULT-VALUE})")
  private int requests;

  @Option(
      names = "--backends",
      defaultValue = "3",
      description = "number of backends, 2 or more (default: ${DEFAULT-VALUE})")
  private int backends;

  private Quickstart() {}

  /** Runs the quickstart. Exits with 0 if every check holds, else with 1. */
  public static void main(String[] args) {
    // give every request its own connection and so its own source port
    System.setProperty("http.keepAlive", "false");
    System.exit(new CommandLine(new Quickstart()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    if (requests < 1 || backends < 2) {
      System.err.printf(
          "quickstart: needs at least 1 request and 2 backends, got --requests=%d --backends=%d%n",
          requests, backends);
      return 1;
    }
    try {
      return run() ? 0 : 1;
    } catch (LoadBalancerException | LabException | IOException e) {
      System.err.println("quickstart: " + e.getMessage());
      return 1;
    }
  }

  private boolean run() throws Exception {
    System.out.printf(
        "One JVM: a client, a router, a balancer and %d backends, each in its own network"
            + " namespace.%n%n",
        backends);
    Verdicts verdicts = new Verdicts();
    List<BackendServer> servers = new ArrayList<>();
    try (Lab lab = Lab.create()) {
      try {
        play(lab, servers, verdicts);
      } finally {
        servers.forEach(BackendServer::close);
      }
    }
    return verdicts.print();
  }

  private void play(Lab lab, List<BackendServer> servers, Verdicts verdicts) throws Exception {
    Client client = new Client(lab.host("client"));
    Host balancer = lab.host("balancer", FABRIC);
    try (LoadBalancer lb = open(balancer)) {
      for (int i = 1; i <= backends; i++) {
        Host host = lab.host("backend-" + i, FABRIC);
        host.addLoopbackAddress(Vips.IPV4);
        host.addLoopbackAddress(Vips.IPV6);
        servers.add(BackendServer.start(host, Vips.PORT));
      }
      lab.route(Vips.IPV4 + "/32", balancer);
      lab.route(Vips.IPV6 + "/128", balancer);
      serve(lb, client, servers, verdicts);
    }
    new Survival(balancer, client, servers).play(requests / 2, verdicts);
  }

  /** Opens the balancer twice, because the first time includes loading its classes. */
  private static LoadBalancer open(Host host) throws Exception {
    long start = System.nanoTime();
    host.call(() -> LoadBalancer.on(Host.INTERFACE).open()).close();
    Duration cold = Duration.ofNanos(System.nanoTime() - start);
    start = System.nanoTime();
    LoadBalancer lb = host.call(() -> LoadBalancer.on(Host.INTERFACE).open());
    Duration warm = Duration.ofNanos(System.nanoTime() - start);
    System.out.printf(
        "The balancer opened in %d ms (%d ms the first time in this JVM).%n",
        warm.toMillis(), cold.toMillis());
    return lb;
  }

  private void serve(LoadBalancer lb, Client client, List<BackendServer> servers, Verdicts verdicts)
      throws Exception {
    List<Vip> vips = Vips.of(servers.stream().flatMap(BackendServer::addresses).toList());
    Vip ipv4 = vips.getFirst();
    Vip ipv6 = vips.getLast();
    lb.apply(vips);
    KernelResources resources = lb.kernelResources();
    System.out.printf(
        "Its program has %d instructions, verified in %d ms. With two VIPs it uses %.1f MiB of"
            + " kernel memory.%n%n",
        resources.instructions(),
        resources.verificationTime().toMillis(),
        resources.memory() / 1024.0 / 1024.0);

    int half = requests / 2;
    Tally tally = new Tally(servers.stream().map(BackendServer::name).toList());
    System.out.printf("%d requests over IPv4 and as many over IPv6:%n", requests);
    client.get(ipv4, half, tally);
    client.get(ipv6, half, tally);

    BackendServer drained = servers.get(1);
    long before = drained.requests();
    System.out.printf("%nHalfway: %s drains.%n", drained.name());
    lb.update(ipv4.key(), vip -> vip.draining(BackendKey.of(drained.ipv4())));
    lb.update(ipv6.key(), vip -> vip.draining(BackendKey.of(drained.ipv6())));
    client.get(ipv4, requests - half, tally);
    client.get(ipv6, requests - half, tally);

    Report report = new Report(lb, servers);
    boolean agree = report.awaitAgreement();
    report.print(tally);
    verdicts
        .check(
            tally.failures() == 0 && tally.answers() == 2L * requests,
            "all %d requests were answered".formatted(2 * requests),
            "%d were not; the first failure: %s"
                .formatted(2L * requests - tally.answers(), tally.firstFailure()))
        .check(
            drained.requests() == before,
            "%s got no request after it was drained".formatted(drained.name()),
            "it got %d".formatted(drained.requests() - before))
        .check(
            servers.stream().allMatch(s -> s.requests() == tally.of(s.name())),
            "client and servers counted the same requests",
            "they did not")
        .check(agree, "balancer and backends counted the same packets and bytes", "they did not");
  }
}
