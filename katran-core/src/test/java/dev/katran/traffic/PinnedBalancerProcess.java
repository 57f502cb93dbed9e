package dev.katran.traffic;

import dev.katran.Backend;
import dev.katran.LoadBalancer;
import dev.katran.Vip;
import dev.katran.lab.Host;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * The main class of a process that runs a pinned load balancer. Obeys one command per line of its
 * standard input: {@code use BACKENDS}, {@code weight WEIGHT BACKENDS} (of the first), {@code drain
 * INDEX BACKENDS}, {@code flap BACKENDS} (changes until it is killed), {@code close} and {@code
 * uninstall}.
 */
final class PinnedBalancerProcess {

  static final String READY = "ready";
  static final String DONE = "done";

  private PinnedBalancerProcess() {}

  /**
   * Prints {@link #READY}, whether the balancer was adopted, and how many milliseconds that took,
   * then {@link #DONE} for each command.
   *
   * @param args the folder of pins
   */
  public static void main(String[] args) throws Exception {
    long start = System.nanoTime();
    LoadBalancer lb =
        LoadBalancer.on(Host.INTERFACE)
            .pinnedAt(Path.of(args[0]))
            .adoptWithin(Duration.ofSeconds(20))
            .open();
    int vips = lb.vips().size();
    long millis = (System.nanoTime() - start) / 1_000_000;
    System.out.println(READY + " " + lb.adopted() + " " + vips + " " + millis);
    var _ =
        lb.handOverRequested()
            .thenRun(() -> {
              lb.close();
              System.out.println("let go");
            });
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      obey(lb, List.of(line.split(" ")));
      System.out.println(DONE);
    }
  }

  private static void obey(LoadBalancer lb, List<String> command) {
    List<String> backends = command.subList(1, command.size());
    switch (command.getFirst()) {
      case "use" -> lb.apply(vips(backends, 1));
      case "weight" -> lb.apply(vips(rest(backends), Integer.parseInt(backends.getFirst())));
      case "drain" -> {
        String drained = rest(backends).get(Integer.parseInt(backends.getFirst()));
        lb.apply(vips(rest(backends), 1).stream().map(vip -> vip.draining(drained)).toList());
      }
      case "flap" -> {
        for (int weight = 1; ; weight++) {
          lb.apply(vips(backends, 1 + weight % 7));
        }
      }
      case "close" -> lb.close();
      case "uninstall" -> lb.uninstall();
      default -> throw new IllegalArgumentException(command.toString());
    }
  }

  private static List<String> rest(List<String> words) {
    return words.subList(1, words.size());
  }

  /**
   * Returns the TCP VIPs of a {@link Testbed}, and one for UDP; the first backend has another
   * weight.
   */
  static List<Vip> vips(List<String> addresses, int weight) {
    List<Backend> backends =
        Arrays.stream(addresses.toArray(String[]::new))
            .map(address ->
                address.equals(addresses.getFirst())
                    ? Backend.of(address).weight(weight)
                    : Backend.of(address))
            .toList();
    return List.of(
        Vip.tcp(Testbed.VIP_IPV4, Testbed.PORT).backends(backends).build(),
        Vip.tcp(Testbed.VIP_IPV6, Testbed.PORT).backends(backends).build(),
        Vip.udp(Testbed.VIP_IPV4, Testbed.PORT).backends(backends).build());
  }
}
