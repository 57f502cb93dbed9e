package dev.katran.examples.benchmark;

import com.sun.management.OperatingSystemMXBean;
import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Count;
import dev.katran.Counters;
import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.Prefix;
import dev.katran.Vip;
import dev.katran.lab.Host;
import dev.katran.lab.Lab;
import java.io.File;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures what many VIPs cost the control plane. */
@Command(
    name = "scale",
    mixinStandardHelpOptions = true,
    description =
        "Measures what many VIPs with backends of their own cost: time, heap, kernel memory.")
final class ScaleBenchmark extends Measurement {

  private static final double MEBIBYTE = 1 << 20;

  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  /** The backends that server ids and source routes name. */
  private static final int TABLE_BACKENDS = 4;

  @Option(
      names = "--vips",
      defaultValue = "10000",
      description = "VIPs (default: ${DEFAULT-VALUE})")
  private int vips;

  @Option(
      names = "--backends",
      defaultValue = "10",
      description = "backends of each VIP, which no other VIP has (default: ${DEFAULT-VALUE})")
  private int backends;

  @Option(
      names = "--in-memory",
      description = "measure the dataplane in plain Java instead of the one in the kernel")
  private boolean inMemory;

  @Option(
      names = "--routed",
      description =
          "attach the balancer to an interface of a lab, and look up the backends' next hops")
  private boolean routed;

  @Option(
      names = "--puts",
      defaultValue = "200",
      description = "changes of one VIP (default: ${DEFAULT-VALUE})")
  private int puts;

  @Option(
      names = "--idle-seconds",
      defaultValue = "10",
      description = "how long to measure the idle balancer (default: ${DEFAULT-VALUE})")
  private int idleSeconds;

  @Option(
      names = "--server-ids",
      defaultValue = "1000000",
      description = "server ids to replace; 0 for none (default: ${DEFAULT-VALUE})")
  private int serverIds;

  @Option(
      names = "--source-routes",
      defaultValue = "3000000",
      description = "source routes to replace; 0 for none (default: ${DEFAULT-VALUE})")
  private int sourceRoutes;

  @Override
  List<Row> measure() throws Exception {
    if (vips < 1 || backends < 2 || puts < 2 || idleSeconds < 1) {
      throw new IllegalArgumentException(
          "--vips and --idle-seconds must be 1 or more, --backends and --puts 2 or more");
    }
    if (inMemory && routed) {
      throw new IllegalArgumentException("--in-memory and --routed exclude each other");
    }
    if (!routed) {
      return measure(limits ->
          (inMemory ? LoadBalancer.inMemory() : LoadBalancer.detached()).limits(limits).open());
    }
    try (Lab lab = Lab.create()) {
      Host host = lab.host("balancer");
      return measure(limits -> {
        try {
          return host.call(() -> LoadBalancer.on(Host.INTERFACE).limits(limits).open());
        } catch (RuntimeException e) {
          throw e;
        } catch (Exception e) {
          throw new IllegalStateException(e);
        }
      });
    }
  }

  private List<Row> measure(Function<Limits, LoadBalancer> opener) throws InterruptedException {
    Limits limits =
        Limits.defaults()
            .vips(vips)
            .backends(Math.max(vips * backends, TABLE_BACKENDS))
            .serverIds(Math.max(serverIds, 1))
            .sourceRoutes(Math.max(sourceRoutes, 1));
    List<Row> rows = new ArrayList<>();
    measureOwnBackends(() -> opener.apply(limits), rows);
    measureSharedBackend(() -> opener.apply(limits), rows);
    measureTables(() -> opener.apply(limits), rows);
    return rows;
  }

  private Vip vip(int number, List<Backend> common) {
    List<Backend> all = new ArrayList<>(common);
    int own = backends - common.size();
    IntStream.range(number * own, (number + 1) * own)
        .forEach(each -> all.add(Backend.of(address(10, each))));
    return Vip.tcp(address(100, number), FlowFrame.PORT).backends(all).build();
  }

  private static InetAddress address(int first, int number) {
    try {
      return InetAddress.getByAddress(
          new byte[] {
            (byte) first, (byte) (1 + (number >> 16)), (byte) (number >> 8), (byte) number
          });
    } catch (UnknownHostException e) {
      throw new IllegalStateException(e);
    }
  }

  private List<Vip> vips(List<Backend> common) {
    return IntStream.range(0, vips).mapToObj(number -> vip(number, common)).toList();
  }

  private Row row(String variant) {
    return Row.of("scale", variant).with("vips", vips).with("backends", vips * backends);
  }

  private void measureOwnBackends(Supplier<LoadBalancer> opener, List<Row> rows)
      throws InterruptedException {
    List<Vip> all = vips(List.of());
    double heapBefore = heap();
    int descriptorsBefore = descriptors();
    Stopwatch open = new Stopwatch();
    try (LoadBalancer lb = opener.get()) {
      lb.apply(all);
      rows.add(open.stop(row("open-and-apply")));
      progress("applied");
      rows.add(
          row("memory")
              .with("heap", heap() - heapBefore)
              .with("kernel", lb.kernelResources().memory() / MEBIBYTE)
              .with("descriptors", descriptors() - descriptorsBefore)
              .with("unit", "MiB"));
      progress("same");
      rows.add(row("apply-of-the-same").with(sameApplies(lb, all), "ms", 50, 99));
      progress("puts");
      rows.add(row("put").with(puts(lb, all), "ms", 50, 99));
      progress("counters");
      rows.add(row("counters").with(snapshots(lb), "ms", 50, 99));
      progress("idle");
      rows.add(row("idle").with("p50", idlePercent()).with("unit", "% of a core"));
    }
  }

  private Samples sameApplies(LoadBalancer lb, List<Vip> all) {
    Samples samples = new Samples();
    for (int i = 0; i < 20; i++) {
      List<Vip> copies = all.stream().map(vip -> vip.toBuilder().build()).toList();
      long start = System.nanoTime();
      lb.apply(copies);
      samples.add(millis(start));
    }
    return samples;
  }

  private Samples puts(LoadBalancer lb, List<Vip> all) {
    Samples samples = new Samples();
    Random random = new Random(1);
    for (int i = 0; i < puts; i++) {
      Vip vip = all.get(random.nextInt(vips));
      BackendKey backend = vip.backends().get(random.nextInt(backends)).key();
      for (Vip change : List.of(vip.draining(backend), vip)) {
        long start = System.nanoTime();
        lb.put(change);
        samples.add(millis(start));
      }
    }
    return samples;
  }

  /** Reads the counters of all VIPs and backends, and adds them up. */
  private static Samples snapshots(LoadBalancer lb) {
    Samples samples = new Samples();
    for (int i = 0; i < 20; i++) {
      long start = System.nanoTime();
      Counters.Snapshot snapshot = lb.counters().snapshot();
      long packets =
          Stream.of(snapshot.vips(), snapshot.backends())
              .flatMap(counts -> counts.values().stream())
              .mapToLong(Count::packets)
              .sum();
      samples.add(millis(start));
      if (packets != 0) {
        throw new IllegalStateException(packets + " packets were counted, but none was sent");
      }
    }
    return samples;
  }

  /** Returns the CPU time of this process in percent of a core while nothing happens. */
  private double idlePercent() throws InterruptedException {
    Thread.sleep(2000);
    long before = SYSTEM.getProcessCpuTime();
    long start = System.nanoTime();
    Thread.sleep(1000L * idleSeconds);
    return 100.0 * (SYSTEM.getProcessCpuTime() - before) / (System.nanoTime() - start);
  }

  private void measureSharedBackend(Supplier<LoadBalancer> opener, List<Row> rows) {
    Backend shared = Backend.of("10.0.0.1");
    try (LoadBalancer lb = opener.get()) {
      progress("shared");
      lb.apply(vips(List.of(shared)));
      List<Vip> draining = vips(List.of(shared.draining(true)));
      progress("drain");
      Stopwatch drain = new Stopwatch();
      lb.apply(draining);
      rows.add(drain.stop(row("drain-of-a-shared-backend")));
      rows.add(
          row("memory-while-changing")
              .with("heap", heap())
              .with("kernel", lb.kernelResources().memory() / MEBIBYTE)
              .with("unit", "MiB"));
    }
  }

  private void measureTables(Supplier<LoadBalancer> opener, List<Row> rows) {
    List<Backend> some =
        IntStream.range(0, TABLE_BACKENDS).mapToObj(each -> Backend.of(address(10, each))).toList();
    try (LoadBalancer lb = opener.get()) {
      if (serverIds > 0) {
        progress("server ids");
        for (int turn = 0; turn < 2; turn++) {
          Map<Integer, Backend> ids = new HashMap<>();
          for (int id = 1; id <= serverIds; id++) {
            ids.put(id, some.get((id + turn) % some.size()));
          }
          Stopwatch watch = new Stopwatch();
          lb.serverIds().replace(ids);
          rows.add(watch.stop(table("server-ids", serverIds, turn)));
        }
        lb.serverIds().clear();
      }
      if (sourceRoutes > 0) {
        progress("source routes");
        Map<Prefix, Backend> routes = new HashMap<>();
        for (int turn = 0; turn < 2; turn++) {
          for (int i = 0; i < sourceRoutes; i++) {
            routes.put(new Prefix(address(50, i), 32), some.get((i + turn) % some.size()));
          }
          Stopwatch watch = new Stopwatch();
          lb.sourceRoutes().replace(routes);
          rows.add(watch.stop(table("source-routes", sourceRoutes, turn)));
        }
      }
    }
  }

  private static Row table(String name, int entries, int turn) {
    return Row.of("scale", name + (turn == 0 ? "-first" : "-replaced")).with("entries", entries);
  }

  /** Measures how long something takes, and the CPU time of this process meanwhile. */
  private static final class Stopwatch {

    private final long cpu = SYSTEM.getProcessCpuTime();
    private final long start = System.nanoTime();

    Row stop(Row row) {
      double wall = millis(start);
      return row.with("p50", wall)
          .with("cpu", (SYSTEM.getProcessCpuTime() - cpu) / 1e6)
          .with("unit", "ms");
    }
  }

  private static double millis(long start) {
    return (System.nanoTime() - start) / 1e6;
  }

  private static double heap() {
    System.gc();
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    return (runtime.totalMemory() - runtime.freeMemory()) / MEBIBYTE;
  }

  private static int descriptors() {
    String[] open = new File("/proc/self/fd").list();
    return open == null ? 0 : open.length;
  }
}
