package dev.katran.traffic;

import com.google.common.base.Splitter;
import dev.katran.Backend;
import dev.katran.Limits;
import dev.katran.LoadBalancer;
import dev.katran.LoadBalancerException;
import dev.katran.Vip;
import dev.katran.VipKey;
import dev.katran.lab.Host;
import dev.katran.needs.OpenFiles;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.lang.reflect.Method;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/**
 * The main class of a process that runs a pinned load balancer. Obeys one command per line of its
 * standard input: {@code use BACKENDS}, {@code weight WEIGHT BACKENDS} (of the first), {@code extra
 * WEIGHT BACKENDS} (with a VIP more, which differs by the weight), {@code drain INDEX BACKENDS},
 * {@code flap BACKENDS} (changes until it is killed), {@code udp} (prints the packets of the UDP
 * VIP), {@code close}, {@code uninstall}, {@code load} (all classes, for when no file can be
 * opened) and {@code reload} (lets another copy of the library in this JVM take over).
 */
final class PinnedBalancerProcess {

  static final String READY = "ready";
  static final String REFUSED = "refused";
  static final String DONE = "done";
  static final String FAILED = "failed";
  static final String LET_GO = "let go";

  /** Of the flow table. Connections of a test fit, a flood does not. */
  private static final int FLOWS = 8192;

  private PinnedBalancerProcess() {}

  /**
   * Prints {@link #READY}, whether the balancer was adopted, its number of VIPs, how many
   * milliseconds that took and the process's id, or {@link #REFUSED} and the reason. Then prints
   * {@link #DONE} for each command, or {@link #FAILED} and the reason.
   *
   * @param args the folder of pins and, if it is not the default, the size of the flow table
   */
  public static void main(String[] args) throws Exception {
    String ready;
    Consumer<List<String>> balancer;
    try {
      long start = System.nanoTime();
      LoadBalancer lb = open(args[0], limits(args));
      int vips = lb.vips().size();
      long millis = (System.nanoTime() - start) / 1_000_000;
      long pid = ProcessHandle.current().pid();
      ready = "%s %s %d %d %d".formatted(READY, lb.adopted(), vips, millis, pid);
      balancer = commands(lb);
    } catch (LoadBalancerException e) {
      System.out.println(REFUSED + " " + e.getMessage());
      return;
    }
    System.out.println(ready);
    BufferedReader commands =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      try {
        if (line.startsWith("reload")) {
          balancer = reload(args[0]);
        } else {
          balancer.accept(List.of(line.split(" ")));
        }
        System.out.println(DONE);
      } catch (RuntimeException | Error e) {
        System.out.println(FAILED + " " + e.toString().lines().findFirst().orElse(""));
      }
    }
  }

  private static LoadBalancer open(String folder, Limits limits) {
    return LoadBalancer.on(Host.INTERFACE)
        .limits(limits)
        .changeWindow(Duration.ofSeconds(20))
        .pinnedAt(Path.of(folder))
        .adoptWithin(Duration.ofSeconds(20))
        .open();
  }

  private static Consumer<List<String>> commands(LoadBalancer lb) {
    var _ =
        lb.handOverRequested()
            .thenRun(() -> {
              lb.close();
              System.out.println(LET_GO);
            });
    return command -> obey(lb, command);
  }

  /** Takes over. Called by {@link #reload} of another copy of this class. */
  @SuppressWarnings("unused")
  private static Consumer<List<String>> takeOver(String folder) {
    LoadBalancer lb = open(folder, limits(folder));
    if (!lb.adopted()) {
      throw new IllegalStateException("there was nothing to adopt");
    }
    return commands(lb);
  }

  /** Loads everything again, as an application server does, and lets the copy take over. */
  @SuppressWarnings("unchecked")
  private static Consumer<List<String>> reload(String folder) throws Exception {
    List<URL> classPath = new ArrayList<>();
    for (String entry : Splitter.on(':').split(System.getProperty("java.class.path"))) {
      classPath.add(Path.of(entry).toUri().toURL());
    }
    ClassLoader loader =
        new URLClassLoader(classPath.toArray(URL[]::new), ClassLoader.getPlatformClassLoader());
    Method takeOver =
        loader
            .loadClass(PinnedBalancerProcess.class.getName())
            .getDeclaredMethod("takeOver", String.class);
    takeOver.setAccessible(true);
    return (Consumer<List<String>>) takeOver.invoke(null, folder);
  }

  private static Limits limits(String... args) {
    int flows = args.length == 1 ? FLOWS : Integer.parseInt(args[1]);
    return Limits.defaults().flowTableSize(flows);
  }

  private static void obey(LoadBalancer lb, List<String> command) {
    List<String> backends = command.subList(1, command.size());
    switch (command.getFirst()) {
      case "use" -> lb.apply(vips(backends, 1));
      case "weight" -> lb.apply(vips(rest(backends), Integer.parseInt(backends.getFirst())));
      case "extra" -> {
        int weight = Integer.parseInt(backends.getFirst());
        List<Vip> vips = new ArrayList<>(vips(rest(backends), weight));
        Vip template = vips.getLast();
        vips.add(
            Vip.udp(Testbed.VIP_IPV4, Testbed.PORT + weight).backends(template.backends()).build());
        lb.apply(vips);
      }
      case "drain" -> {
        String drained = rest(backends).get(Integer.parseInt(backends.getFirst()));
        lb.apply(vips(rest(backends), 1).stream().map(vip -> vip.draining(drained)).toList());
      }
      case "flap" -> {
        for (int weight = 1; ; weight++) {
          lb.apply(vips(backends, 1 + weight % 7));
        }
      }
      case "load" -> OpenFiles.loadClasses();
      case "udp" ->
          System.out.println(
              lb.counters()
                  .vip(VipKey.udp(Testbed.VIP_IPV4, Testbed.PORT))
                  .orElseThrow()
                  .packets());
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
