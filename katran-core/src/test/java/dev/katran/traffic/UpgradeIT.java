package dev.katran.traffic;

import static dev.katran.traffic.PinnedBalancer.target;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.katran.NextVersion;
import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A pinned balancer is upgraded to a next version and rolled back, under traffic. */
@NeedsKernel
@NeedsNamespaces
@Tag("unemulated")
class UpgradeIT {

  private static final int KILLS = 12;
  private static final int MORE_FLOWS = 1 << 21;

  @TempDir private static Path classes;
  private static NextVersion nextVersion;

  private final List<PinnedBalancer> started = new ArrayList<>();
  private BpfMount files;
  private Path folder;
  private Testbed testbed;
  private List<String> backends;

  @BeforeAll
  static void compile() {
    nextVersion = new NextVersion(classes);
  }

  @AfterAll
  static void closeVersion() throws IOException {
    nextVersion.close();
  }

  @BeforeEach
  void create() throws Exception {
    files = BpfMount.open();
    folder = files.path().resolve("katran");
    testbed = Testbed.of(3, Service.ECHO);
    backends =
        testbed.servers().stream().map(server -> server.host().ipv4().getHostAddress()).toList();
  }

  @AfterEach
  void close() {
    started.forEach(PinnedBalancer::kill);
    testbed.close();
    files.close();
  }

  private PinnedBalancer start(Process process) throws IOException {
    PinnedBalancer balancer = PinnedBalancer.of(process);
    started.add(balancer);
    return balancer;
  }

  private Process current() throws Exception {
    return PinnedBalancer.process(testbed, System.getProperty("java.class.path"), folder);
  }

  private Process next() throws Exception {
    return PinnedBalancer.process(
        testbed, nextVersion.classPath(), folder, Integer.toString(MORE_FLOWS));
  }

  private ContinuousTraffic traffic() {
    return new ContinuousTraffic(
        testbed.client(), List.of(target(Testbed.VIP_IPV4), target(Testbed.VIP_IPV6)), 3);
  }

  private static void awaitMore(ContinuousTraffic traffic, int messages) {
    long before = traffic.messages();
    await().until(() -> traffic.messages() > before + messages);
  }

  @Test
  void upgradeAndRollBack_handedOverUnderTraffic_noConnectionNotices() throws Exception {
    start(current()).run("use", backends);
    try (ContinuousTraffic traffic = traffic()) {
      awaitMore(traffic, 200);
      for (int i = 0; i < 3; i++) {
        PinnedBalancer upgraded = start(next());
        assertThat(upgraded.isAdopted()).isTrue();
        awaitMore(traffic, 200);
        upgraded.run("drain", List.of("0", backends.get(0), backends.get(1), backends.get(2)));
        PinnedBalancer rolledBack = start(current());
        assertThat(rolledBack.isAdopted()).isTrue();
        awaitMore(traffic, 200);
        rolledBack.run("use", backends);
        assertThat(traffic.failures()).as("upgrade " + i).isEmpty();
      }
    }
  }

  @Test
  void upgradeAndRollBack_underManyDatagrams_noneIsLostAndAllAreCounted() throws Exception {
    PinnedBalancer first = start(current());
    first.run("use", backends);
    try (Datagrams datagrams = new Datagrams(testbed.client(), target(Testbed.VIP_IPV4))) {
      await().until(() -> datagrams.sent() > 10_000);
      first.kill();
      PinnedBalancer upgraded = start(next());
      await().until(() -> datagrams.sent() > 30_000);
      upgraded.kill();
      PinnedBalancer rolledBack = start(current());
      long before = datagrams.sent();
      await().until(() -> datagrams.sent() > before + 10_000);
      long sent = datagrams.stop();
      await().untilAsserted(() -> assertThat(decapsulated()).isEqualTo(sent));
      assertThat(rolledBack.ask("udp")).isEqualTo(Long.toString(sent));
    }
  }

  private long decapsulated() {
    return testbed.servers().stream()
        .mapToLong(server -> server.decapsulator().decapsulated().packets())
        .sum();
  }

  @Test
  void upgrade_killedAtRandom_noConnectionNotices() throws Exception {
    long seed = System.nanoTime();
    Random random = new Random(seed);
    start(current()).run("use", backends);
    started.getLast().kill();
    try (ContinuousTraffic traffic = traffic()) {
      for (int i = 0; i < KILLS; i++) {
        Process killed = i % 2 == 0 ? next() : current();
        Thread.sleep(400 + random.nextInt(1500));
        killed.destroyForcibly();
        killed.onExit().join();
        assertThat(traffic.failures()).as("seed " + seed + ", kill " + i).isEmpty();
      }
      PinnedBalancer last = start(current());
      assertThat(last.isAdopted()).isTrue();
      assertThat(last.vips()).isEqualTo(3);
      awaitMore(traffic, 200);
      assertThat(traffic.failures()).as("seed " + seed).isEmpty();
    }
  }
}
