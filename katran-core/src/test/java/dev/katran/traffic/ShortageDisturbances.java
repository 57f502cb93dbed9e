package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.ffm.net.NetworkNamespace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What the balancer's process lacks. Changes may fail meanwhile. A client notices none of it. */
final class ShortageDisturbances {

  static final List<Disturbance> ALL =
      List.of(
          new Disturbance("descriptors short", ShortageDisturbances::descriptors),
          new Disturbance("memory short", ShortageDisturbances::memory),
          new Disturbance("pins cannot be written", ShortageDisturbances::readOnly));

  private static final int ATTEMPTS = 5;

  /** Descriptors: as many as the least hard limit that is usual. */
  private static final int ENOUGH = 4096;

  private ShortageDisturbances() {}

  private static void descriptors(ChaosBed bed) throws Exception {
    PinnedBalancer balancer = bed.balancer();
    balancer.run("load", List.of());
    setLimit(balancer, "--nofile", highestDescriptor(balancer) + 1 + bed.random().nextInt(8));
    for (int i = 0; i < ATTEMPTS; i++) {
      assertThat(bed.attempt(1 + i)).isTrue();
    }
    setLimit(balancer, "--nofile", ENOUGH);
    balancer.run("use", bed.backends());
  }

  private static long highestDescriptor(PinnedBalancer balancer) throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/" + balancer.pid() + "/fd"))) {
      return files.mapToLong(file -> Long.parseLong(file.getFileName().toString())).max().orElse(0);
    }
  }

  /**
   * The JVM may end by it. If not, it is taken for broken and ended, as by ExitOnOutOfMemoryError.
   */
  private static void memory(ChaosBed bed) throws Exception {
    PinnedBalancer balancer = bed.balancer();
    long size =
        1024
            * Files.readAllLines(Path.of("/proc/" + balancer.pid() + "/status")).stream()
                .filter(line -> line.startsWith("VmSize:"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
                .findFirst()
                .orElseThrow();
    setLimit(balancer, "--as", size + bed.random().nextInt(1 << 20));
    boolean lives = true;
    for (int i = 0; i < ATTEMPTS && lives; i++) {
      lives = bed.attempt(1 + i);
    }
    balancer.kill();
    bed.adopt();
  }

  private static void readOnly(ChaosBed bed) throws Exception {
    String mount = bed.mount().toString();
    command("mount", "-o", "remount,bind,ro", mount);
    try {
      for (int i = 0; i < ATTEMPTS; i++) {
        assertThat(bed.attempt(1 + i)).isTrue();
      }
      if (bed.random().nextBoolean()) {
        bed.balancer().kill();
        try (NetworkNamespace namespace = bed.namespace()) {
          assertThat(PinnedBalancer.refusal(namespace, bed.folder())).contains("read-only");
        }
      }
    } finally {
      command("mount", "-o", "remount,bind,rw", mount);
    }
    if (ProcessHandle.of(bed.balancer().pid()).isEmpty()) {
      bed.adopt();
    }
    bed.balancer().run("use", bed.backends());
  }

  /** Sets a soft limit. The hard one stays, since raising that again is a privilege. */
  private static void setLimit(PinnedBalancer balancer, String option, long value)
      throws Exception {
    command("prlimit", "--pid", Long.toString(balancer.pid()), "%s=%d:".formatted(option, value));
  }

  private static void command(String... command) throws Exception {
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor())
        .as(String.join(" ", command))
        .isZero();
  }
}
