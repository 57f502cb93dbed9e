package dev.katran.examples.quickstart;

import dev.katran.Count;
import dev.katran.LoadBalancer;
import dev.katran.Vip;
import dev.katran.lab.Host;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/**
 * The main class of a process with a pinned load balancer. The first such process installs the
 * balancer, later ones continue it: the code is the same.
 */
final class PinnedBalancer {

  static final String READY = "ready";

  private PinnedBalancer() {}

  /**
   * Prints {@link #READY}, whether the balancer was adopted, and how many milliseconds that took;
   * then, for each line of the standard input, how many packets the VIPs have got. Uninstalls the
   * balancer when the input ends.
   *
   * @param args the folder of pins, and the addresses of the backends
   */
  public static void main(String[] args) throws IOException {
    List<Vip> vips = Vips.of(Arrays.asList(args).subList(1, args.length));
    long start = System.nanoTime();
    LoadBalancer lb = LoadBalancer.on(Host.INTERFACE).pinnedAt(Path.of(args[0])).open();
    lb.apply(vips); // changes only what differs
    long millis = (System.nanoTime() - start) / 1_000_000;
    System.out.println(READY + " " + lb.adopted() + " " + millis);
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    while (in.readLine() != null) {
      System.out.println(packets(lb));
    }
    lb.uninstall();
  }

  private static long packets(LoadBalancer lb) {
    return lb.vips().stream()
        .map(vip -> lb.counters().vip(vip).orElseThrow())
        .mapToLong(Count::packets)
        .sum();
  }
}
