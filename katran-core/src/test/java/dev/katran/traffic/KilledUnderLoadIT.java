package dev.katran.traffic;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.Cidr;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.lab.Host;
import dev.katran.needs.BpfMount;
import dev.katran.needs.NeedsKernel;
import dev.katran.needs.NeedsNamespaces;
import java.net.InetAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The process of a pinned balancer is killed while a hundred thousand numbered datagrams per second
 * pass. The kernel sends them and counts them, so that nothing else than the balancer loses any: a
 * sender waits until there is room on the way, however slow the machine is.
 */
@NeedsKernel
@NeedsNamespaces
@Tag("unemulated")
class KilledUnderLoadIT {

  private static final int RATE = 100_000;
  private static final int FLOWS = 1000;

  /** How long the last datagrams may be on the way. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final InetAddress GATEWAY = InetAddress.ofLiteral("10.255.0.2");
  private static final List<String> BACKENDS =
      List.of("10.0.0.11", "10.0.0.12", "10.0.0.13", "10.0.0.14");

  private NetworkNamespace near;
  private NetworkNamespace far;
  private BpfMount files;
  private Path folder;
  private FrameStream stream;
  private XdpLink counter;
  private volatile boolean isEnded;

  private volatile long nanos;

  @BeforeEach
  void create() throws Exception {
    near = NetworkNamespace.create("balancer");
    far = NetworkNamespace.create("network");
    files = BpfMount.open();
    folder = files.path().resolve("katran");
    for (NetworkNamespace end : List.of(near, far)) {
      end.sysctl("net.ipv6.conf.default.disable_ipv6", "1"); // no stray packets
    }
    try (Rtnetlink farLinks = Rtnetlink.open(far);
        Rtnetlink nearLinks = Rtnetlink.open(near)) {
      int farIndex = farLinks.createVeth("network0", Host.INTERFACE, near, 1600).index();
      int nearIndex = nearLinks.link(Host.INTERFACE).index();
      farLinks.setUp(farIndex);
      nearLinks.setUp(nearIndex);
      MacAddress farMac = Objects.requireNonNull(farLinks.link(farIndex).mac());
      MacAddress nearMac = Objects.requireNonNull(nearLinks.link(nearIndex).mac());
      nearLinks.addAddress(nearIndex, Cidr.parse("10.255.0.1/24"));
      nearLinks.addNeighbour(nearIndex, GATEWAY, farMac);
      nearLinks.addRoute(Cidr.parse("0.0.0.0/0"), GATEWAY, nearIndex);
      stream =
          new FrameStream(
              farIndex, farMac, nearMac, PinnedBalancer.target(Testbed.VIP_IPV4), FLOWS, RATE);
      counter = far.call(stream::count);
    }
  }

  @AfterEach
  void close() {
    counter.close();
    stream.close();
    files.close();
    near.close();
    far.close();
  }

  @Test
  void kill_underAHundredThousandPacketsPerSecond_noneIsLostAndNoFlowMoves() throws Exception {
    PinnedBalancer first = PinnedBalancer.start(near, folder);
    first.run("use", BACKENDS);
    Thread sender = far.start("sender", this::send);
    Thread.sleep(1000);
    first.kill();
    Thread.sleep(1000);
    PinnedBalancer second = PinnedBalancer.start(near, folder);
    assertThat(second.isAdopted()).isTrue();
    assertAllArrived(sender);
    second.kill();
  }

  @Test
  void kill_underThemInTheMiddleOfChanges_noneIsLostAndNoFlowMoves() throws Exception {
    PinnedBalancer balancer = PinnedBalancer.start(near, folder);
    balancer.run("use", BACKENDS);
    Thread sender = far.start("sender", this::send);
    for (int kill = 0; kill < 4; kill++) {
      balancer.send("flap", BACKENDS);
      Thread.sleep(200 + 50 * kill);
      balancer.kill();
      balancer = PinnedBalancer.start(near, folder);
      assertThat(balancer.isAdopted()).isTrue();
    }
    balancer.run("weight 5", BACKENDS);
    assertAllArrived(sender);
    balancer.kill();
  }

  private void assertAllArrived(Thread sender) throws InterruptedException {
    isEnded = true;
    sender.join();
    FrameStream.Totals totals = stream.totals();
    System.out.printf(
        "killed under load: %,.0f datagrams per second, %s%n",
        totals.sent() / (nanos / 1e9), totals);
    assertThat(totals).isEqualTo(new FrameStream.Totals(totals.sent(), totals.sent(), 0, 0, 0));
  }

  /** Sends at the rate, or as fast as the machine can. */
  private void send() {
    long start = System.nanoTime();
    while (!isEnded) {
      stream.sendNumbered();
    }
    nanos = System.nanoTime() - start;
    while (System.nanoTime() - start - nanos < PATIENCE.toNanos()
        && stream.totals().arrived() < stream.totals().sent()) {
      Thread.onSpinWait();
    }
  }
}
