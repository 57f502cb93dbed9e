package dev.katran.ffm.net;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.KernelTest;
import dev.katran.ffm.generated.libc.LibC;
import dev.katran.ffm.generated.libc.ifinfomsg;
import java.net.InetAddress;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tests rtnetlink on two namespaces, left and right, that are connected by a veth pair. */
@KernelTest
class RtnetlinkTest {

  /** From linux/if_link.h. */
  private static final int IFLA_VRF_TABLE = 1;

  private static final MacAddress OTHER_MAC = MacAddress.parse("02:00:00:00:00:99");

  private final NetworkNamespace left = NetworkNamespace.create("left");
  private final NetworkNamespace right = NetworkNamespace.create("right");
  private final Rtnetlink netlink = Rtnetlink.open(left);
  private final Rtnetlink rightNetlink = Rtnetlink.open(right);
  private Link near;
  private Link far;

  @BeforeEach
  void connect() {
    near = netlink.createVeth("near", "far", right, 1400);
    far = rightNetlink.link("far");
    netlink.setUp(near.index());
    rightNetlink.setUp(far.index());
    // The kernel probes IPv6 neighbours from a link-local address; its own takes up to 2 seconds.
    addAddress(netlink, near, "192.0.2.1/24", "2001:db8::1/64", "fe80::1/64");
    addAddress(rightNetlink, far, "192.0.2.2/24", "2001:db8::2/64", "fe80::2/64");
  }

  @AfterEach
  void close() {
    netlink.close();
    rightNetlink.close();
    left.close();
    right.close();
  }

  @Test
  void createVeth_newPair_isDownOnBothEnds() {
    assertThat(near.name()).isEqualTo("near");
    assertThat(near.kind()).isEqualTo("veth");
    assertThat(near.mtu()).isEqualTo(1400);
    assertThat(near.up()).isFalse();
    assertThat(near.mac()).isNotNull().isNotEqualTo(far.mac());
    assertThat(near.xdpProgramId()).isZero();
    assertThat(near.type()).isEqualTo(Link.ETHERNET);
    assertThat(near.lower()).as("the peer is in another namespace").isZero();
    assertThat(far.up()).isFalse();
    assertThat(far.mtu()).isEqualTo(1400);
  }

  @Test
  void link_byNameIndexAndList_areEqual() {
    Link link = netlink.link("near");

    assertThat(link.up()).isTrue();
    assertThat(link.running()).isTrue();
    assertThat(netlink.link(link.index())).isEqualTo(link);
    assertThat(netlink.links()).extracting(Link::name).containsExactly("lo", "near");
    assertThat(netlink.links()).contains(link);
  }

  @Test
  void link_loopback_hasNoMacAddress() {
    assertThat(netlink.link("lo").mac()).isNull();
    assertThat(netlink.link("lo").kind()).isEmpty();
  }

  @Test
  void set_macMtuAndDown_changeTheLink() throws Exception {
    netlink.setMac(near.index(), OTHER_MAC);
    netlink.setMtu(near.index(), 1280);
    netlink.setDown(near.index());

    Link changed = netlink.link("near");
    assertThat(changed.mac()).isEqualTo(OTHER_MAC);
    assertThat(changed.mtu()).isEqualTo(1280);
    assertThat(changed.up()).isFalse();
    awaitStopped(rightNetlink, "far");
  }

  @Test
  void moveTo_thenDelete_removesBothEnds() {
    try (NetworkNamespace third = NetworkNamespace.create("third");
        Rtnetlink thirdNetlink = Rtnetlink.open(third)) {
      netlink.moveTo(near.index(), third);

      assertThat(netlink.links()).extracting(Link::name).containsExactly("lo");
      assertThat(thirdNetlink.link("near").up()).isFalse();
      rightNetlink.delete(far.index());
      assertThat(thirdNetlink.links()).extracting(Link::name).containsExactly("lo");
    }
  }

  @Test
  void addresses_allInterfaces_areThoseOfTheNamespace() throws Exception {
    InetAddress loopback = InetAddress.ofLiteral("198.51.100.7");
    netlink.addAddress(netlink.link("lo").index(), Cidr.host(loopback));

    assertThat(netlink.addresses())
        .contains(
            loopback,
            InetAddress.ofLiteral("192.0.2.1"),
            InetAddress.ofLiteral("2001:db8::1"),
            InetAddress.ofLiteral("fe80::1"))
        .doesNotContain(InetAddress.ofLiteral("192.0.2.2"), InetAddress.ofLiteral("2001:db8::2"));
    netlink.delete(near.index());
    assertThat(netlink.addresses())
        .contains(loopback)
        .doesNotContain(InetAddress.ofLiteral("192.0.2.1"), InetAddress.ofLiteral("2001:db8::1"));
  }

  @Test
  void link_unknown_throwsEnodev() {
    assertThatNetlink(() -> netlink.link("nope"))
        .hasMessage("find interface nope: ENODEV (No such device)");
    assertThatNetlink(() -> netlink.link(4711))
        .hasMessage("find interface 4711: ENODEV (No such device)");
  }

  @Test
  void change_unknownInterface_throwsEnodev() {
    assertThatNetlink(() -> netlink.setUp(4711))
        .hasMessageStartingWith("set up interface 4711: ENODEV (No such device)");
    assertThatNetlink(() -> netlink.addAddress(4711, Cidr.parse("192.0.2.9/24")))
        .hasMessageStartingWith("add address 192.0.2.9/24 to interface 4711: ENODEV");
    assertThatNetlink(() -> netlink.addRoute(Cidr.parse("0.0.0.0/0"), null, 4711))
        .hasMessageStartingWith("add route to 0.0.0.0/0 on interface 4711: ENODEV");
  }

  @Test
  void change_rejected_includesTheKernelsExplanation() {
    assertThatNetlink(() -> netlink.setMtu(near.index(), 20))
        .hasMessage(
            "set MTU to 20: interface "
                + near.index()
                + ": EINVAL (Invalid argument)\n"
                + "mtu less than device minimum");
    assertThatNetlink(() ->
            netlink.addRoute(
                Cidr.parse("198.51.100.0/24"), InetAddress.ofLiteral("203.0.113.1"), near.index()))
        .hasMessage(
            "add route to 198.51.100.0/24 via 203.0.113.1 on interface %d: ENETUNREACH (Network is"
                    .formatted(near.index())
                + " unreachable)\nNexthop has invalid gateway");
  }

  @Test
  void createVeth_nameInUse_throwsEexist() {
    assertThatNetlink(() -> netlink.createVeth("near", "far2", right, 1500))
        .hasMessageStartingWith(
            "create veth near with peer far2 in network namespace right: EEXIST (File exists)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "sixteen-bytes-xx"})
  void link_illegalName_throws(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> netlink.link(name))
        .withMessage("interface name \"" + name + "\", must have 1 to 15 bytes");
  }

  @ParameterizedTest
  @CsvSource({"192.0.2.2, 192.0.2.1", "2001:db8::2, 2001:db8::1"})
  void route_onLink_hasNoGateway(String destination, String source) {
    InetAddress address = InetAddress.ofLiteral(destination);
    RouteLookup route = netlink.route(address);

    assertThat(route)
        .isEqualTo(new RouteLookup(near.index(), null, InetAddress.ofLiteral(source), 0));
    assertThat(route.nextHop(address)).isEqualTo(address);
  }

  @ParameterizedTest
  @CsvSource({
    "198.51.100.7, 198.51.100.0/24, 192.0.2.2",
    "198.51.100.7, 0.0.0.0/0, 192.0.2.2",
    "198.51.100.7, 198.51.100.7/24, 2001:db8::2",
    "2001:db8:1::7, 2001:db8:1::/48, 2001:db8::2",
    "2001:db8:1::7, ::/0, 2001:db8::2",
  })
  void route_viaGateway_returnsIt(String destination, String prefix, String gateway) {
    InetAddress via = InetAddress.ofLiteral(gateway);
    netlink.addRoute(Cidr.parse(prefix), via, near.index());
    netlink.addRoute(Cidr.parse(prefix), via, near.index());

    RouteLookup route = netlink.route(InetAddress.ofLiteral(destination));

    assertThat(route.egressIndex()).isEqualTo(near.index());
    assertThat(route.gateway()).isEqualTo(via);
    assertThat(route.nextHop(InetAddress.ofLiteral(destination))).isEqualTo(via);
  }

  @ParameterizedTest
  @CsvSource({
    "203.0.113.10, 192.0.2.2, 192.0.2.3",
    "2001:db8:9::10, 2001:db8::2, 2001:db8::3",
  })
  void addRoute_sameDestination_replacesIt(String destination, String first, String second) {
    for (String gateway : new String[] {first, second}) {
      netlink.addRoute(Cidr.parse(destination), InetAddress.ofLiteral(gateway), near.index());

      assertThat(netlink.route(InetAddress.ofLiteral(destination)).gateway())
          .isEqualTo(InetAddress.ofLiteral(gateway));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"198.51.100.7", "2001:db8:1::7"})
  void route_noRoute_throwsEnetunreach(String destination) {
    assertThatNetlink(() -> netlink.route(InetAddress.ofLiteral(destination)))
        .hasMessage(
            "find a route to %s: ENETUNREACH (Network is unreachable)\n".formatted(destination)
                + "no route to this destination");
  }

  @ParameterizedTest
  @ValueSource(strings = {"192.0.2.1", "2001:db8::1"})
  void route_localAddress_throws(String destination) {
    assertThatNetlink(() -> netlink.route(InetAddress.ofLiteral(destination)))
        .hasMessage(
            "find a route to %1$s: EINVAL (Invalid argument)\n%1$s is a local address"
                .formatted(destination));
  }

  @ParameterizedTest
  @ValueSource(strings = {"192.0.2.2", "2001:db8::2"})
  void probe_existingNeighbour_resolvesIt(String literal) throws Exception {
    InetAddress address = InetAddress.ofLiteral(literal);
    assertThat(netlink.neighbour(near.index(), address)).isNull();

    netlink.probe(near.index(), address);

    assertThat(awaitNeighbour(address)).isEqualTo(rightNetlink.link("far").mac());
    netlink.probe(near.index(), address);
    assertThat(netlink.neighbour(near.index(), address)).isEqualTo(far.mac());
  }

  @ParameterizedTest
  @ValueSource(strings = {"192.0.2.77", "2001:db8::77"})
  void probe_missingNeighbour_staysUnresolved(String literal) throws Exception {
    InetAddress address = InetAddress.ofLiteral(literal);
    netlink.probe(near.index(), address);
    Thread.sleep(50);

    assertThat(netlink.neighbour(near.index(), address)).isNull();
  }

  @ParameterizedTest
  @CsvSource({"203.0.113.10, 192.0.2.2", "2001:db8:9::10, 2001:db8::2"})
  void route_withMtu_hasIt(String destination, String gateway) {
    netlink.addRoute(Cidr.parse(destination), InetAddress.ofLiteral(gateway), near.index(), 1300);

    assertThat(netlink.route(InetAddress.ofLiteral(destination)).mtu()).isEqualTo(1300);
  }

  /**
   * Needs CONFIG_NET_VRF, as the emulated Linux 6.1 has it: {@code ./mvnw -pl katran-ffm test
   * -DexcludedGroups= -Dgroups=vrf}.
   */
  @Test
  @Tag("vrf")
  void route_inVrf_isThatOfItsTable() {
    int vrf = createVrf("vrf");
    InetAddress onLink = InetAddress.ofLiteral("192.0.2.2"); // IPv6 addresses would not move along
    assertThat(netlink.route(onLink).egressIndex()).isEqualTo(near.index());

    netlink.setMaster(near.index(), vrf); // moves the connected routes to the VRF's table
    assertThat(netlink.route(onLink, vrf).egressIndex()).isEqualTo(near.index());
    assertThatNetlink(() -> netlink.route(onLink)).hasMessageContaining("UNREACH");
  }

  /** Creates a VRF without routes. */
  private int createVrf(String name) {
    NetlinkRequest request =
        new NetlinkRequest(LibC.RTM_NEWLINK(), LibC.NLM_F_CREATE() | LibC.NLM_F_EXCL());
    request.struct(ifinfomsg.layout());
    request
        .string(LibC.IFLA_IFNAME(), name)
        .nest(
            LibC.IFLA_LINKINFO(),
            info ->
                info.string(LibC.IFLA_INFO_KIND(), "vrf")
                    .nest(LibC.IFLA_INFO_DATA(), data -> data.int32(IFLA_VRF_TABLE, 77)));
    Netlink[] socket = new Netlink[1];
    left.run(() -> socket[0] = Netlink.open());
    try {
      socket[0].exchange(request, "create VRF " + name);
    } finally {
      socket[0].close();
    }
    int index = netlink.link(name).index();
    netlink.setUp(index);
    return index;
  }

  @ParameterizedTest
  @ValueSource(strings = {"192.0.2.2", "2001:db8::2"})
  void neighbourEntry_resolvedDeletedAndConfigured_hasItsState(String literal) throws Exception {
    InetAddress address = InetAddress.ofLiteral(literal);
    assertThat(netlink.neighbourEntry(near.index(), address)).isNull();
    netlink.probe(near.index(), address);
    awaitNeighbour(address);

    assertThat(netlink.neighbourEntry(near.index(), address))
        .isEqualTo(new Neighbour(near.index(), address, far.mac(), NeighbourState.REACHABLE));
    netlink.deleteNeighbour(near.index(), address);
    assertThat(netlink.neighbour(near.index(), address)).isNull();
    netlink.addNeighbour(near.index(), address, OTHER_MAC);
    assertThat(netlink.neighbourEntry(near.index(), address))
        .isEqualTo(new Neighbour(near.index(), address, OTHER_MAC, NeighbourState.PERMANENT));
  }

  @ParameterizedTest
  @ValueSource(strings = {"192.0.2.77", "2001:db8::77"})
  void addNeighbour_existing_replacesIt(String literal) {
    InetAddress address = InetAddress.ofLiteral(literal);
    netlink.addNeighbour(near.index(), address, far.mac());
    netlink.addNeighbour(near.index(), address, OTHER_MAC);
    netlink.probe(near.index(), address);

    assertThat(netlink.neighbour(near.index(), address)).isEqualTo(OTHER_MAC);
  }

  @Test
  void neighbour_loopback_isNull() {
    int loopback = netlink.link("lo").index();
    netlink.setUp(loopback);
    InetAddress address = InetAddress.ofLiteral("127.0.0.1");
    netlink.probe(loopback, address);

    assertThat(netlink.neighbour(loopback, address)).isNull();
  }

  @Test
  void anyCall_closedSocket_throws() {
    netlink.close();
    netlink.close();

    assertThatIllegalStateException()
        .isThrownBy(() -> netlink.link("lo"))
        .withMessage("find interface lo: the netlink socket is closed");
  }

  @Test
  void link_manyThreads_isThreadSafe() throws Exception {
    Thread[] threads = new Thread[8];
    int[] right = new int[threads.length];
    for (int i = 0; i < threads.length; i++) {
      int number = i;
      threads[i] =
          Thread.ofVirtual()
              .start(() -> {
                for (int j = 0; j < 200; j++) {
                  right[number] += netlink.link("near").index() == near.index() ? 1 : 0;
                  right[number] += netlink.links().size() == 2 ? 1 : 0;
                }
              });
    }
    for (Thread thread : threads) {
      thread.join();
    }

    assertThat(right).containsOnly(400);
  }

  private MacAddress awaitNeighbour(InetAddress address) throws InterruptedException {
    long deadline = System.nanoTime() + SECONDS.toNanos(5);
    MacAddress mac = netlink.neighbour(near.index(), address);
    while (mac == null && System.nanoTime() < deadline) {
      Thread.sleep(1);
      mac = netlink.neighbour(near.index(), address);
    }
    return mac;
  }

  /** Waits for a link to lose its carrier, which follows a little after its peer is down. */
  private static void awaitStopped(Rtnetlink netlink, String link) throws InterruptedException {
    long deadline = System.nanoTime() + SECONDS.toNanos(5);
    while (netlink.link(link).running()) {
      assertThat(System.nanoTime()).as("carrier of %s", link).isLessThan(deadline);
      Thread.sleep(1);
    }
  }

  private static void addAddress(Rtnetlink netlink, Link link, String... addresses) {
    for (String address : addresses) {
      Cidr prefix = Cidr.parse(address);
      netlink.addAddress(link.index(), prefix);
      awaitLocal(netlink, prefix.address());
    }
  }

  /** Waits for the local route, which the kernel adds a little later than an IPv6 address. */
  private static void awaitLocal(Rtnetlink netlink, InetAddress address) {
    long deadline = System.nanoTime() + SECONDS.toNanos(5);
    while (System.nanoTime() < deadline) {
      if (netlink.isLocal(address)) {
        return;
      }
      Thread.onSpinWait();
    }
    throw new AssertionError("no local route to " + address);
  }

  private static org.assertj.core.api.AbstractThrowableAssert<?, ?> assertThatNetlink(
      ThrowingCallable call) {
    return assertThatThrownBy(call).isInstanceOf(NetworkException.class);
  }
}
