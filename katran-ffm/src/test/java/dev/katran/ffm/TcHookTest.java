package dev.katran.ffm;

import static dev.katran.ffm.Isolated.LOOPBACK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.katran.ffm.TcHook.Mechanism;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import dev.katran.ffm.net.TrafficControl;
import dev.katran.ffm.net.TrafficControl.Filter;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

@KernelTest
class TcHookTest {

  private static final String FOREIGN = "someone else's";

  private final BpfObject classifiers = load();
  private final BpfProgram first = classifiers.program("first");
  private final BpfProgram second = classifiers.program("second");

  private static BpfObject load() {
    BpfObject classifiers = BpfObject.open("classifier", Lab.bytes("classifier"));
    classifiers.load();
    return classifiers;
  }

  @AfterEach
  void close() {
    classifiers.close();
  }

  private static boolean hasTcx() {
    String[] release = System.getProperty("os.version").split("[.-]", 3);
    int major = Integer.parseInt(release[0]);
    return major > 6 || (major == 6 && Integer.parseInt(release[1]) >= 6);
  }

  private static void assumeAvailable(Mechanism mechanism) {
    assumeThat(mechanism == Mechanism.FILTER || hasTcx())
        .as("links need tcx, since Linux 6.6")
        .isTrue();
  }

  @ParameterizedTest
  @EnumSource
  void attachEgress_packetLeaves_runsProgramUntilClosed(Mechanism mechanism) throws Exception {
    assumeAvailable(mechanism);
    isolated(control -> {
      TcHook hook = TcHook.attachEgress(first, LOOPBACK, mechanism);
      send();

      assertThat(count(0)).isEqualTo(1);
      assertThat(hook.isAttached()).isTrue();
      assertThat(hook.mechanism()).isEqualTo(mechanism);
      assertThat(hook.programId()).isEqualTo(first.info().id());

      hook.close();
      hook.close();
      send();

      assertThat(count(0)).isEqualTo(1);
      assertThat(hook.isAttached()).isFalse();
      assertThat(control.egressFilters(LOOPBACK)).isEmpty();
    });
  }

  @Test
  void attachEgress_anyKernel_usesLinkIfItCan() throws Exception {
    isolated(control -> {
      try (TcHook hook = TcHook.attachEgress(first, LOOPBACK)) {
        send();

        assertThat(count(0)).isEqualTo(1);
        assertThat(hook.mechanism()).isEqualTo(hasTcx() ? Mechanism.LINK : Mechanism.FILTER);
      }
    });
  }

  @ParameterizedTest
  @EnumSource
  void attachEgress_filterOfOther_staysAndRunsAsWell(Mechanism mechanism) throws Exception {
    assumeAvailable(mechanism);
    isolated(control -> {
      control.createClsact(LOOPBACK);
      Filter other = add(control, second);
      try (TcHook hook = TcHook.attachEgress(first, LOOPBACK, mechanism)) {
        send();

        assertThat(List.of(count(0), count(1))).isEqualTo(List.of(1L, 1L));
        assertThat(hook.isAttached()).isTrue();
      }
      send();

      assertThat(List.of(count(0), count(1))).isEqualTo(List.of(1L, 2L));
      assertThat(control.egressFilters(LOOPBACK)).containsExactly(other);
    });
  }

  @ParameterizedTest
  @EnumSource
  void attachEgress_filterThatEndsProcessing_runsBefore(Mechanism mechanism) throws Exception {
    assumeAvailable(mechanism);
    isolated(control -> {
      control.createClsact(LOOPBACK);
      add(control, classifiers.program("last"));
      add(control, second);
      try (TcHook _ = TcHook.attachEgress(first, LOOPBACK, mechanism)) {
        send();

        assertThat(count(0)).isEqualTo(1);
      }
    });
  }

  @ParameterizedTest
  @EnumSource
  void close_inOtherNamespace_detaches(Mechanism mechanism) throws Exception {
    assumeAvailable(mechanism);
    try (NetworkNamespace inside = NetworkNamespace.create();
        TrafficControl control = inside.call(TrafficControl::open)) {
      TcHook hook = inside.call(() -> TcHook.attachEgress(first, LOOPBACK, mechanism));
      assertThat(hook.isAttached()).isTrue();

      hook.close();

      assertThat(control.egressFilters(LOOPBACK)).isEmpty();
    }
  }

  /** A process that dies does not remove its filter. Here it is one that was not closed. */
  @Test
  void attachEgress_filterLeftBehind_takesItsPlace() throws Exception {
    isolated(control -> {
      TcHook left = TcHook.attachEgress(first, LOOPBACK, Mechanism.FILTER);
      Filter before = control.egressFilters(LOOPBACK).getFirst();
      try (BpfObject next = load();
          TcHook hook = TcHook.attachEgress(next.program("first"), LOOPBACK, Mechanism.FILTER)) {
        assertThat(control.egressFilters(LOOPBACK))
            .containsExactly(
                new Filter(before.priority(), before.handle(), hook.programId(), before.name()));
        assertThat(left.isAttached()).isFalse();

        left.close();

        assertThat(hook.isAttached()).isTrue();
      }
      assertThat(control.egressFilters(LOOPBACK)).isEmpty();
    });
  }

  @Test
  void attachEgress_otherProgramOfOurs_getsItsOwnFilter() throws Exception {
    isolated(control -> {
      try (TcHook _ = TcHook.attachEgress(first, LOOPBACK, Mechanism.FILTER);
          TcHook _ = TcHook.attachEgress(second, LOOPBACK, Mechanism.FILTER)) {
        send();

        assertThat(List.of(count(0), count(1))).isEqualTo(List.of(1L, 1L));
      }
    });
  }

  @ParameterizedTest
  @EnumSource
  void isAttached_interfaceDeleted_isFalse(Mechanism mechanism) throws Exception {
    assumeAvailable(mechanism);
    isolated(control -> {
      try (Rtnetlink netlink = Rtnetlink.open()) {
        Link bridge = netlink.create("br0", "bridge");
        try (TcHook hook = TcHook.attachEgress(first, bridge.index(), mechanism)) {
          netlink.delete(bridge.index());

          assertThat(hook.isAttached()).isFalse();
        }
      }
    });
  }

  @ParameterizedTest
  @EnumSource
  void attachEgress_unknownInterface_throwsEnodev(Mechanism mechanism) throws Exception {
    assumeAvailable(mechanism);
    isolated(control ->
        assertThatThrownBy(() -> TcHook.attachEgress(first, 4711, mechanism))
            .hasMessageContaining("interface 4711")
            .asInstanceOf(type(NativeException.class))
            .returns(Errno.ENODEV, NativeException::errno));
  }

  @Test
  void attachEgress_xdpProgram_throwsEinval() throws Exception {
    try (BpfObject lab = Lab.load()) {
      isolated(control ->
          assertThatThrownBy(() -> TcHook.attachEgress(lab.program("verdict"), LOOPBACK))
              .asInstanceOf(type(NativeException.class))
              .returns(Errno.EINVAL, NativeException::errno));
    }
  }

  private interface Task {
    void run(TrafficControl control) throws Exception;
  }

  /** Runs a task in a network namespace with nothing but a loopback interface. */
  private static void isolated(Task task) throws Exception {
    Isolated.inNetworkNamespace(() -> {
      try (Rtnetlink netlink = Rtnetlink.open();
          TrafficControl control = TrafficControl.open()) {
        netlink.setUp(LOOPBACK);
        task.run(control);
      }
    });
  }

  private static Filter add(TrafficControl control, BpfProgram program) {
    return control.addEgress(LOOPBACK, program.fd(), program.info().id(), FOREIGN);
  }

  private static void send() throws Exception {
    try (DatagramSocket socket = new DatagramSocket()) {
      InetAddress self = InetAddress.ofLiteral("127.0.0.1");
      socket.send(new DatagramPacket(new byte[1], 1, self, socket.getLocalPort()));
    }
  }

  private long count(int index) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocate(ValueLayout.JAVA_LONG);
      assertThat(classifiers.map("counts").lookup(Lab.of(arena, index), value)).isTrue();
      return value.get(ValueLayout.JAVA_LONG, 0);
    }
  }
}
