package dev.katran.ffm;

import static dev.katran.ffm.Isolated.LOOPBACK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.katran.ffm.XdpLink.Mode;
import dev.katran.ffm.internal.Bpf;
import dev.katran.ffm.net.Link;
import dev.katran.ffm.net.Rtnetlink;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@KernelTest
class XdpLinkTest {

  private final BpfObject lab = Lab.load();
  private final BpfProgram verdict = lab.program("verdict");
  private final BpfProgram report = lab.program("report");

  @AfterEach
  void close() {
    lab.close();
  }

  @Test
  void attach_thenClose_detachesProgram() throws Exception {
    Isolated.inNetworkNamespace(() -> {
      assertThat(XdpLink.attachedProgram(LOOPBACK)).isEmpty();
      XdpLink link = XdpLink.attach(verdict, LOOPBACK, Mode.GENERIC);
      assertThat(link.ifindex()).isEqualTo(LOOPBACK);
      assertThat(link.programId()).isEqualTo(verdict.info().id());
      assertThat(XdpLink.attachedProgram(LOOPBACK)).hasValue(attached(verdict));

      link.close();

      assertThat(XdpLink.attachedProgram(LOOPBACK)).isEmpty();
    });
  }

  @Test
  void update_otherProgram_replacesIt() throws Exception {
    Isolated.inNetworkNamespace(() -> {
      try (XdpLink link = XdpLink.attach(verdict, LOOPBACK, Mode.GENERIC)) {
        link.update(report);

        assertThat(XdpLink.attachedProgram(LOOPBACK)).hasValue(attached(report));
        assertThat(link.programId()).isEqualTo(report.info().id());
      }
    });
  }

  @Test
  void isAttached_interfaceDeleted_isFalse() throws Exception {
    Isolated.inNetworkNamespace(() -> {
      try (Rtnetlink netlink = Rtnetlink.open()) {
        Link bridge = netlink.create("br0", "bridge");
        try (XdpLink link = XdpLink.attach(verdict, bridge.index(), Mode.GENERIC)) {
          assertThat(link.isAttached()).isTrue();

          netlink.delete(bridge.index());

          assertThat(link.isAttached()).isFalse();
        }
      }
    });
  }

  @Test
  void ifindex_interfaceDeleted_isZero() throws Exception {
    Isolated.inNetworkNamespace(() -> {
      try (Rtnetlink netlink = Rtnetlink.open()) {
        Link bridge = netlink.create("br0", "bridge");
        try (XdpLink link = XdpLink.attach(verdict, bridge.index(), Mode.GENERIC)) {
          assertThat(link.ifindex()).isEqualTo(bridge.index());

          netlink.delete(bridge.index());

          assertThat(link.ifindex()).isZero();
          assertThat(link).hasToString("XDP link on interface " + bridge.index());
        }
      }
    });
  }

  @Test
  void isAttached_detachedFromOutside_isFalse() throws Exception {
    Isolated.inNetworkNamespace(() -> {
      try (XdpLink link = XdpLink.attach(verdict, LOOPBACK, Mode.GENERIC)) {
        assertThat(link.isAttached()).isTrue();

        Bpf.detachLink(link.fd()); // as another process does with a descriptor of its own

        assertThat(link.isAttached()).isFalse();
        assertThat(link.programId()).isEqualTo(verdict.info().id());
      }
    });
  }

  @Test
  void detach_closesLink() throws Exception {
    Isolated.inNetworkNamespace(() -> {
      XdpLink link = XdpLink.attach(verdict, LOOPBACK, Mode.GENERIC);
      link.detach();

      assertThat(XdpLink.attachedProgram(LOOPBACK)).isEmpty();
      assertThatIllegalStateException().isThrownBy(link::fd);
    });
  }

  @Test
  void attach_busyInterface_throwsAndKeepsProgram() throws Exception {
    Isolated.inNetworkNamespace(() -> {
      try (XdpLink link = XdpLink.attach(verdict, LOOPBACK, Mode.GENERIC)) {
        assertThatThrownBy(() -> XdpLink.attach(report, LOOPBACK, Mode.GENERIC))
            .hasMessage(
                "attach program report to interface 1 in generic mode: EBUSY (Device or"
                    + " resource busy)\n"
                    + attached(verdict)
                    + " is already attached")
            .asInstanceOf(type(XdpBusyException.class))
            .satisfies(e -> assertThat(e.ifindex()).isEqualTo(LOOPBACK))
            .satisfies(e -> assertThat(e.attached()).hasValue(attached(verdict)));
        assertThat(link.programId()).isEqualTo(verdict.info().id());
      }
    });
  }

  @Test
  void attach_driverWithoutXdp_throwsEopnotsupp() throws Exception {
    Isolated.inNetworkNamespace(() ->
        assertThatThrownBy(() -> XdpLink.attach(verdict, LOOPBACK, Mode.NATIVE))
            .hasMessage(
                "attach program verdict to interface 1 in native mode: EOPNOTSUPP (Operation"
                    + " not supported)")
            .isNotInstanceOf(XdpBusyException.class));
  }

  @Test
  void attach_unknownInterface_throws() throws Exception {
    Isolated.inNetworkNamespace(() -> {
      assertThatThrownBy(() -> XdpLink.attach(verdict, 4711, Mode.GENERIC))
          .hasMessageStartingWith("attach program verdict to interface 4711 in generic mode: ");
      assertThat(XdpLink.attachedProgram(4711)).isEmpty();
    });
  }

  @Test
  void anyCall_closedLink_throws() throws Exception {
    Isolated.inNetworkNamespace(() -> {
      XdpLink link = XdpLink.attach(verdict, LOOPBACK, Mode.GENERIC);
      link.close();

      assertThatCode(link::close).doesNotThrowAnyException();
      assertThatIllegalStateException()
          .isThrownBy(() -> link.update(report))
          .withMessage("XDP link on interface 1 is closed");
      assertThatIllegalStateException().isThrownBy(link::detach);
      assertThatIllegalStateException().isThrownBy(link::programId);
    });
  }

  @Test
  void attach_closedProgram_throws() {
    lab.close();

    assertThatIllegalStateException()
        .isThrownBy(() -> XdpLink.attach(verdict, LOOPBACK, Mode.GENERIC))
        .withMessage("program verdict is closed");
  }

  private static AttachedProgram attached(BpfProgram program) {
    return new AttachedProgram(program.info().id(), program.name());
  }
}
