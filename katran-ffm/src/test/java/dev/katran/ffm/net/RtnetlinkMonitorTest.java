package dev.katran.ffm.net;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.ffm.KernelTest;
import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.fib_rule_hdr;
import dev.katran.ffm.generated.libc.nhmsg;
import dev.katran.ffm.net.NetworkEvent.EventsLost;
import dev.katran.ffm.net.NetworkEvent.LinkChanged;
import dev.katran.ffm.net.NetworkEvent.LinkDeleted;
import dev.katran.ffm.net.NetworkEvent.NeighbourChanged;
import dev.katran.ffm.net.NetworkEvent.NeighbourDeleted;
import dev.katran.ffm.net.NetworkEvent.RoutesChanged;
import dev.katran.ffm.net.RtnetlinkMonitor.Topic;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Follows a namespace while interfaces, neighbours and routes change in it. */
@KernelTest
class RtnetlinkMonitorTest {

  private static final MacAddress MAC = MacAddress.parse("02:00:00:00:00:99");

  private final NetworkNamespace left = NetworkNamespace.create("left");
  private final NetworkNamespace right = NetworkNamespace.create("right");
  private final Rtnetlink netlink = Rtnetlink.open(left);
  private final BlockingQueue<NetworkEvent> events = new LinkedBlockingQueue<>();

  private final List<RtnetlinkMonitor> opened = new ArrayList<>();

  @AfterEach
  void close() {
    opened.forEach(RtnetlinkMonitor::close);
    netlink.close();
    left.close();
    right.close();
  }

  @Test
  void links_createdChangedAndDeleted_areReportedWithNewIndex() throws Exception {
    open(Set.of(Topic.LINKS), events::add);
    Link first = netlink.createVeth("near", "far", right, 1400);
    assertThat(await(LinkChanged.class, e -> e.link().name().equals("near")).link().index())
        .isEqualTo(first.index());

    netlink.setMtu(first.index(), 1280);
    await(LinkChanged.class, e -> e.link().mtu() == 1280);
    netlink.setUp(first.index());
    await(LinkChanged.class, e -> e.link().up());
    netlink.delete(first.index());
    assertThat(await(LinkDeleted.class, e -> true).link().index()).isEqualTo(first.index());

    Link second = netlink.createVeth("near", "far", right, 1400);
    Link reported = await(LinkChanged.class, e -> e.link().name().equals("near")).link();
    assertThat(reported.index()).isEqualTo(second.index()).isNotEqualTo(first.index());
    assertThat(reported.type()).isEqualTo(Link.ETHERNET);
  }

  @Test
  void links_otherNamespace_areNotReported() throws Exception {
    open(Set.of(Topic.LINKS), events::add);
    try (Rtnetlink other = Rtnetlink.open(right)) {
      Link near = netlink.createVeth("near", "far", right, 1400);
      other.setMtu(other.link("far").index(), 1300);
      netlink.setMtu(near.index(), 1280);

      await(LinkChanged.class, e -> e.link().mtu() == 1280);
      assertThat(events).isEmpty();
    }
  }

  @Test
  void links_portLeavesABridge_isNotDeleted() throws Exception {
    Link bridge = netlink.create("br0", "bridge");
    Link near = netlink.createVeth("near", "far", right, 1400);
    netlink.setMaster(near.index(), bridge.index());
    assertThat(netlink.link("near").master()).isEqualTo(bridge.index());
    open(Set.of(Topic.LINKS), events::add);
    netlink.setMaster(near.index(), 0);
    netlink.setMtu(near.index(), 1280);

    await(LinkChanged.class, e -> e.link().mtu() == 1280 && e.link().master() == 0);
    assertThat(events).noneMatch(LinkDeleted.class::isInstance);
  }

  @ParameterizedTest
  @ValueSource(strings = {"192.0.2.77", "2001:db8::77"})
  void neighbours_changedAndDeleted_areReported(String literal) throws Exception {
    InetAddress address = InetAddress.ofLiteral(literal);
    Link near = upAndAddressed();
    open(Set.of(Topic.NEIGHBOURS), events::add);
    netlink.addNeighbour(near.index(), address, MAC);
    assertThat(await(NeighbourChanged.class, e -> e.address().equals(address)))
        .isEqualTo(new NeighbourChanged(near.index(), address, MAC, NeighbourState.PERMANENT));

    netlink.deleteNeighbour(near.index(), address);
    assertThat(await(NeighbourDeleted.class, e -> e.address().equals(address)))
        .isEqualTo(new NeighbourDeleted(near.index(), address));
  }

  @Test
  void neighbours_noAnswer_isReportedAsFailed() throws Exception {
    InetAddress address = InetAddress.ofLiteral("192.0.2.78");
    Link near = upAndAddressed();
    left.sysctl("net.ipv4.neigh.near.retrans_time_ms", "10");
    open(Set.of(Topic.NEIGHBOURS), events::add);
    netlink.probe(near.index(), address);

    NeighbourChanged failed =
        await(NeighbourChanged.class, e -> e.state() == NeighbourState.FAILED);
    assertThat(failed.address()).isEqualTo(address);
    assertThat(failed.state().usable()).isFalse();
  }

  @ParameterizedTest
  @CsvSource({"198.51.100.0/24, 192.0.2.2", "2001:db8:1::/48, 2001:db8::2"})
  void routes_addedAndDeleted_areReported(String destination, String gateway) throws Exception {
    Link near = upAndAddressed();
    open(Set.of(Topic.ROUTES), events::add);
    netlink.addRoute(Cidr.parse(destination), InetAddress.ofLiteral(gateway), near.index());
    await(RoutesChanged.class, e -> true);

    netlink.deleteRoute(Cidr.parse(destination), near.index());
    await(RoutesChanged.class, e -> true);
  }

  @ParameterizedTest
  @ValueSource(strings = {"198.51.100.1", "2001:db8:1::1"})
  void routes_newRule_isReported(String source) throws Exception {
    InetAddress address = InetAddress.ofLiteral(source);
    NetlinkRequest rule = new NetlinkRequest(LibC.RTM_NEWRULE(), LibC.NLM_F_CREATE());
    MemorySegment struct = rule.struct(fib_rule_hdr.layout());
    fib_rule_hdr.family(struct, (byte) Addresses.family(address));
    fib_rule_hdr.src_len(struct, (byte) Cidr.host(address).length());
    fib_rule_hdr.action(struct, (byte) LibC.FR_ACT_TO_TBL());
    rule.address(LibC.FRA_SRC(), address).int32(LibC.FRA_TABLE(), 7);
    open(Set.of(Topic.ROUTES), events::add);
    exchange(rule);

    await(RoutesChanged.class, e -> true);
  }

  @Test
  void routes_newNextHop_isReported() throws Exception {
    netlink.setUp(netlink.link("lo").index()); // a blackhole belongs to it
    NetlinkRequest hop = new NetlinkRequest(LibC.RTM_NEWNEXTHOP(), LibC.NLM_F_CREATE());
    nhmsg.nh_family(hop.struct(nhmsg.layout()), (byte) LibC.AF_INET());
    hop.int32(LibC.NHA_ID(), 7).bytes(LibC.NHA_BLACKHOLE(), new byte[0]);
    open(Set.of(Topic.ROUTES), events::add);
    exchange(hop);

    await(RoutesChanged.class, e -> true);
  }

  @Test
  void listener_slow_learnsThatEventsWereLost() throws Exception {
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch proceed = new CountDownLatch(1);
    Link near = netlink.createVeth("near", "far", right, 1400);
    Consumer<NetworkEvent> slow =
        event -> {
          events.add(event);
          blocked.countDown();
          awaitUninterruptibly(proceed);
        };
    open(EnumSet.allOf(Topic.class), slow);
    for (int i = 0; i < 2000; i++) {
      netlink.setMtu(near.index(), 1300 + i % 2);
    }
    assertThat(blocked.await(5, SECONDS)).isTrue();
    proceed.countDown();
    await(EventsLost.class, e -> true);

    netlink.setMtu(near.index(), 1280);
    await(LinkChanged.class, e -> e.link().mtu() == 1280);
  }

  @Test
  void listener_thatThrows_receivesTheNextEvent() throws Exception {
    Link near = netlink.createVeth("near", "far", right, 1400);
    Consumer<NetworkEvent> failing =
        event -> {
          events.add(event);
          throw new IllegalStateException("the listener of this test always fails");
        };
    open(Set.of(Topic.LINKS), failing);
    netlink.setMtu(near.index(), 1280);
    await(LinkChanged.class, e -> e.link().mtu() == 1280);
    netlink.setMtu(near.index(), 1290);
    await(LinkChanged.class, e -> e.link().mtu() == 1290);
  }

  @Test
  void listener_runsInTheNamespaceOfTheOpener() throws Exception {
    BlockingQueue<String> seen = new LinkedBlockingQueue<>();
    Link near = netlink.createVeth("near", "far", right, 1400);
    open(Set.of(Topic.LINKS), event -> seen.add(ownNamespace()));
    netlink.setMtu(near.index(), 1280);

    assertThat(seen.poll(5, SECONDS))
        .isEqualTo(left.call(RtnetlinkMonitorTest::ownNamespace))
        .isNotEqualTo(right.call(RtnetlinkMonitorTest::ownNamespace));
  }

  @Test
  void close_idle_isQuickAndReleasesThreadAndDescriptors() throws Exception {
    Link near = netlink.createVeth("near", "far", right, 1400);
    open(Set.of(Topic.LINKS), events::add).close(); // loads what stays loaded
    long descriptors = openDescriptors();
    long start = System.nanoTime();
    for (int i = 0; i < 50; i++) {
      RtnetlinkMonitor monitor = open(EnumSet.allOf(Topic.class), events::add);
      monitor.close();
      monitor.close();
    }
    Duration each = Duration.ofNanos((System.nanoTime() - start) / 50);

    assertThat(each).isLessThan(Duration.ofMillis(100));
    assertThat(openDescriptors()).isEqualTo(descriptors);
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("test-monitor"));
    events.clear();
    netlink.setMtu(near.index(), 1280);
    Thread.sleep(50);
    assertThat(events).isEmpty();
  }

  @Test
  void close_inTheListener_endsTheThread() throws Exception {
    BlockingQueue<RtnetlinkMonitor> self = new LinkedBlockingQueue<>();
    CountDownLatch closed = new CountDownLatch(1);
    Link near = netlink.createVeth("near", "far", right, 1400);
    RtnetlinkMonitor monitor =
        open(
            Set.of(Topic.LINKS),
            event -> {
              try {
                self.take().close();
              } catch (InterruptedException e) {
                throw new AssertionError(e);
              }
              closed.countDown();
            });
    self.add(monitor);
    netlink.setMtu(near.index(), 1280);

    assertThat(closed.await(5, SECONDS)).isTrue();
    monitor.close(); // waits for the thread
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("test-monitor"));
  }

  @Test
  void close_listenerStuck_returnsWithinTwoSeconds() {
    CountDownLatch stuck = new CountDownLatch(1);
    Link near = netlink.createVeth("near", "far", right, 1400);
    RtnetlinkMonitor monitor = open(Set.of(Topic.LINKS), event -> awaitUninterruptibly(stuck));
    netlink.setMtu(near.index(), 1280);
    long start = System.nanoTime();
    monitor.close();

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(2));
    stuck.countDown();
  }

  @Test
  void open_withoutTopics_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> RtnetlinkMonitor.open("test-monitor", Set.of(), events::add))
        .withMessage("no topic to follow");
  }

  private RtnetlinkMonitor open(Set<Topic> topics, Consumer<NetworkEvent> listener) {
    try {
      RtnetlinkMonitor monitor =
          left.call(() -> RtnetlinkMonitor.open("test-monitor", topics, listener));
      opened.add(monitor);
      return monitor;
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  private Link upAndAddressed() {
    Link near = netlink.createVeth("near", "far", right, 1400);
    netlink.setUp(near.index());
    try (Rtnetlink other = Rtnetlink.open(right)) {
      other.setUp(other.link("far").index());
    }
    netlink.addAddress(near.index(), Cidr.parse("192.0.2.1/24"));
    netlink.addAddress(near.index(), Cidr.parse("2001:db8::1/64"));
    return near;
  }

  /** Waits for an event; those before it are dropped. */
  private <E extends NetworkEvent> E await(Class<E> type, Predicate<E> condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + SECONDS.toNanos(10);
    while (System.nanoTime() < deadline) {
      NetworkEvent event = events.poll(1, SECONDS);
      if (type.isInstance(event) && condition.test(type.cast(event))) {
        return type.cast(event);
      }
    }
    throw new AssertionError("no such " + type.getSimpleName());
  }

  /** Sends a request for what Rtnetlink cannot change. */
  private void exchange(NetlinkRequest request) throws Exception {
    try (Netlink socket = left.call(Netlink::open)) {
      socket.exchange(request, "change the routing of this test");
    }
  }

  private static String ownNamespace() {
    try {
      return Files.readSymbolicLink(Path.of("/proc/thread-self/ns/net")).toString();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static long openDescriptors() throws IOException {
    try (var files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  private static void awaitUninterruptibly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
