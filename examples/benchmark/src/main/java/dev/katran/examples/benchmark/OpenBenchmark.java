package dev.katran.examples.benchmark;

import dev.katran.Backend;
import dev.katran.Forwarding;
import dev.katran.LoadBalancer;
import dev.katran.Tracking;
import dev.katran.Vip;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures what it costs to open a balancer. */
@Command(
    name = "open",
    mixinStandardHelpOptions = true,
    description =
        "Measures how long it takes to open a balancer and how much kernel memory it uses.")
final class OpenBenchmark extends Measurement {

  private static final int BACKENDS = 10;
  private static final double MEBIBYTE = 1 << 20;

  @Option(
      names = "--times",
      defaultValue = "20",
      description = "how often to open it (default: ${DEFAULT-VALUE})")
  private int times;

  @Option(
      names = "--vips",
      defaultValue = "100",
      description =
          "VIPs of the balancer to compare with one of a single VIP (default: ${DEFAULT-VALUE})")
  private int many;

  @Override
  List<Row> measure() {
    if (times < 2) {
      throw new IllegalArgumentException("--times %d is less than 2".formatted(times));
    }
    if (many < 2) {
      throw new IllegalArgumentException("--vips %d is less than 2".formatted(many));
    }
    List<Row> rows = new ArrayList<>();
    Samples first = new Samples();
    Samples later = new Samples();
    for (int i = 0; i < times; i++) {
      long start = System.nanoTime();
      LoadBalancer lb = Services.builder().open();
      double millis = (System.nanoTime() - start) / 1e6;
      lb.close();
      (i == 0 ? first : later).add(millis);
    }
    rows.add(Row.of("open", "first-in-jvm").with(first, "ms", 50, 90));
    rows.add(Row.of("open", "later").with(later, "ms", 50, 90));
    rows.add(memory("memory-empty", 0, Tracking.NONE, false));
    for (int vips : new int[] {1, many}) {
      rows.add(memory("memory-none", vips, Tracking.NONE, false));
      rows.add(memory("memory-adaptive-stable", vips, Tracking.ADAPTIVE, false));
      rows.add(memory("memory-adaptive-changing", vips, Tracking.ADAPTIVE, true));
      rows.add(memory("memory-always", vips, Tracking.ALWAYS, false));
    }
    return rows;
  }

  /** Measures the kernel memory of a balancer with default limits and a number of VIPs. */
  private static Row memory(String variant, int vips, Tracking tracking, boolean isChanging) {
    List<Backend> backends = Services.backends(Family.V4, Forwarding.ipip(), 0, BACKENDS);
    List<Vip> installed = Services.vips(Family.V4, vips, tracking, backends);
    try (LoadBalancer lb = Services.builder().open()) {
      lb.apply(installed);
      if (isChanging) {
        List<Backend> others =
            Services.backends(Family.V4, Forwarding.ipip(), BACKENDS, 2 * BACKENDS);
        lb.apply(Services.replaced(installed, others));
      }
      return Row.of("open", variant)
          .with("vips", vips)
          .with("memory", lb.kernelResources().memory() / MEBIBYTE)
          .with("instructions", lb.kernelResources().instructions())
          .with("unit", "MiB");
    }
  }
}
