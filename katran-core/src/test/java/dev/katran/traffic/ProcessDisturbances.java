package dev.katran.traffic;

import dev.katran.ffm.net.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What happens to the balancer's process. A client notices none of it. */
final class ProcessDisturbances {

  static final List<Disturbance> ALL =
      List.of(
          new Disturbance("kill", ProcessDisturbances::kill),
          new Disturbance("kill in a change", ProcessDisturbances::killInAChange),
          new Disturbance("stop and continue", ProcessDisturbances::stopAndContinue),
          new Disturbance("hand over", ProcessDisturbances::handOver),
          new Disturbance("hand over to another copy", ProcessDisturbances::handOverToCopy),
          new Disturbance("reload in the JVM", ProcessDisturbances::reload),
          new Disturbance("other clocks", ProcessDisturbances::otherClocks));

  private ProcessDisturbances() {}

  private static void kill(ChaosBed bed) throws Exception {
    bed.balancer().kill();
    bed.pause(300);
    bed.adopt();
  }

  private static void killInAChange(ChaosBed bed) throws Exception {
    bed.balancer().send("flap", bed.backends());
    bed.pause(100);
    bed.balancer().kill();
    bed.adopt();
  }

  private static void stopAndContinue(ChaosBed bed) throws Exception {
    bed.balancer().signal("STOP");
    bed.pause(2000);
    bed.balancer().signal("CONT");
  }

  private static void handOver(ChaosBed bed) throws Exception {
    PinnedBalancer before = bed.balancer();
    bed.adopt();
    before.kill();
  }

  /** The other process has the library from other files, as after a deployment. */
  private static void handOverToCopy(ChaosBed bed) throws Exception {
    PinnedBalancer before = bed.balancer();
    Path folder = Files.createTempDirectory("katran-copy");
    try (NetworkNamespace namespace = bed.namespace()) {
      bed.adoptBy(PinnedBalancer.start(namespace, List.of(), copy(folder), bed.folder()));
      before.kill();
      bed.balancer().run("use", bed.backends());
      bed.pause(300);
      handOver(bed);
    } finally {
      new ProcessBuilder("rm", "-r", folder.toString()).start().waitFor();
    }
  }

  private static String copy(Path folder) throws IOException, InterruptedException {
    StringBuilder classPath = new StringBuilder();
    int number = 0;
    for (String entry : System.getProperty("java.class.path").split(":", -1)) {
      if (Files.exists(Path.of(entry))) {
        Path copy = folder.resolve(number++ + "-" + Path.of(entry).getFileName());
        new ProcessBuilder("cp", "-r", entry, copy.toString()).inheritIO().start().waitFor();
        classPath.append(classPath.isEmpty() ? "" : ":").append(copy);
      }
    }
    return classPath.toString();
  }

  private static void reload(ChaosBed bed) throws Exception {
    bed.balancer().run("reload", List.of());
    bed.balancer().run("use", bed.backends());
  }

  /**
   * The next process is in a time namespace, such as that of a container: its clocks that do not
   * follow the time of day are far ahead, then those of the process after it are far behind.
   */
  private static void otherClocks(ChaosBed bed) throws Exception {
    PinnedBalancer before = bed.balancer();
    String offset = Integer.toString(1_000_000 + bed.random().nextInt(1_000_000));
    List<String> clocks =
        List.of(
            "unshare",
            "--time",
            "--monotonic",
            offset,
            "--boottime",
            offset,
            "--fork",
            "--kill-child");
    try (NetworkNamespace namespace = bed.namespace()) {
      bed.adoptBy(
          PinnedBalancer.start(
              namespace, clocks, System.getProperty("java.class.path"), bed.folder()));
    }
    before.kill();
    bed.balancer().run("weight " + (1 + bed.random().nextInt(9)), bed.backends());
    bed.pause(300);
    kill(bed);
  }
}
