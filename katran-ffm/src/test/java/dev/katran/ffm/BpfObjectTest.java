package dev.katran.ffm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

@KernelTest
class BpfObjectTest {

  @Test
  void constants_beforeLoad_haveInitialValues() {
    try (BpfObject lab = Lab.open()) {
      assertThat(lab.constants(".rodata.config").get(JAVA_INT, 0)).isEqualTo(BpfConstants.XDP_PASS);
      assertThat(lab.constants(".rodata").get(JAVA_INT, 0)).isEqualTo(7);
    }
  }

  @Test
  void constants_written_areSeenByPrograms() {
    try (BpfObject lab = Lab.open()) {
      lab.constants(".rodata.config").set(JAVA_INT, 0, BpfConstants.XDP_TX);
      lab.load();

      assertThat(Lab.run(lab.program("verdict"))).isEqualTo(BpfConstants.XDP_TX);
    }
  }

  @Test
  void constants_afterLoad_areReadOnly() {
    try (BpfObject lab = Lab.open();
        Arena arena = Arena.ofConfined()) {
      MemorySegment constants = lab.constants(".rodata.config");
      lab.load();

      assertThatIllegalStateException().isThrownBy(() -> constants.set(JAVA_INT, 0, 1));
      assertThatIllegalStateException().isThrownBy(() -> lab.constants(".rodata.config"));
      BpfMap map = lab.map(".rodata.config");
      assertThatThrownBy(() -> map.update(Lab.of(arena, 0), arena.allocate(8)))
          .asInstanceOf(type(BpfException.class))
          .extracting(BpfException::errno)
          .isEqualTo(Errno.EPERM);
    }
  }

  @Test
  void constants_otherMap_throws() {
    try (BpfObject lab = Lab.open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lab.constants("table"))
          .withMessage("map table of object lab is not a data section");
    }
  }

  @Test
  void mapAndProgram_unknownName_listsAvailableNames() {
    try (BpfObject lab = Lab.open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lab.map("chair"))
          .withMessageStartingWith("no map chair in object lab, available: ")
          .withMessageContaining("table")
          .withMessageContaining(".rodata.config");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lab.program("balancer"))
          .withMessageStartingWith("no program balancer in object lab, available: verdict, queue");
    }
  }

  @Test
  void mapAndProgram_afterLoad_areTheSameInstances() {
    try (BpfObject lab = Lab.open()) {
      BpfMap table = lab.map("table");
      BpfProgram verdict = lab.program("verdict");
      assertThatIllegalStateException()
          .isThrownBy(table::fd)
          .withMessage("map table is not loaded");
      assertThatIllegalStateException()
          .isThrownBy(verdict::fd)
          .withMessage("program verdict is not loaded");

      lab.load();

      assertThat(lab.map("table")).isSameAs(table);
      assertThat(lab.program("verdict")).isSameAs(verdict);
      assertThat(table.fd()).isNotNegative();
      assertThat(verdict.fd()).isNotNegative();
    }
  }

  @Test
  void autocreate_offForMapInDeadCode_loads() {
    try (BpfObject lab = Lab.open()) {
      lab.map("optional").autocreate(false);
      lab.load();

      assertThatIllegalStateException()
          .isThrownBy(lab.map("optional")::fd)
          .withMessage("map optional was left out of the load");
      assertThat(Lab.run(lab.program("verdict"))).isEqualTo(BpfConstants.XDP_PASS);
    }
  }

  @Test
  void autocreate_offForMapInUse_throws() {
    try (BpfObject lab = Lab.open()) {
      lab.map("optional").autocreate(false);
      lab.constants(".rodata.config").set(JAVA_INT, 4, 1);

      assertThatThrownBy(lab::load)
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("load program verdict: ")
          .hasMessageContaining("optional");
    }
  }

  @Test
  void autoload_off_leavesProgramOut() {
    try (BpfObject rejected = BpfObject.open("rejected", Lab.bytes("rejected"))) {
      rejected.program("careless").autoload(false);
      rejected.load();

      assertThat(Lab.run(rejected.program("fine"))).isEqualTo(BpfConstants.XDP_PASS);
      assertThatIllegalStateException()
          .isThrownBy(rejected.program("careless")::fd)
          .withMessage("program careless was left out of the load");
    }
  }

  @Test
  void load_rejectedProgram_throwsWithLog() {
    try (BpfObject rejected = BpfObject.open("rejected", Lab.bytes("rejected"))) {
      assertThatThrownBy(rejected::load)
          .hasMessageStartingWith("load program careless: EACCES (Permission denied)\n")
          .asInstanceOf(type(BpfException.class))
          .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EACCES))
          .satisfies(e -> assertThat(e.log()).contains("invalid access to packet, off=12 size=1"));
    }
  }

  @Test
  void load_rejectedProgramAmongLoggedOnes_isNamed() {
    try (BpfObject rejected = BpfObject.open("rejected", Lab.bytes("rejected"))) {
      rejected.program("fine").logLevel(BpfConstants.BPF_LOG_STATS);

      assertThatThrownBy(rejected::load).hasMessageStartingWith("load program careless: EACCES");
    }
  }

  @Test
  void load_rejectedMap_isNamed() {
    try (BpfObject lab = Lab.open()) {
      lab.map("events").maxEntries(4096).flags(BpfConstants.BPF_F_NO_PREALLOC);

      assertThatThrownBy(lab::load)
          .hasMessageStartingWith("load object lab: EINVAL (Invalid argument)\n")
          .hasMessageContaining("'events'");
    }
  }

  @Test
  void load_withoutCapabilities_throwsEperm() throws Exception {
    Isolated.withoutCapabilities(() -> {
      try (BpfObject lab = Lab.open()) {
        assertThatThrownBy(lab::load)
            .hasMessageStartingWith("load object lab: EPERM (Operation not permitted)\n");
      }
    });
  }

  @Test
  void open_legacyObject_throwsWithLibbpfsExplanation() {
    assertThatThrownBy(() -> BpfObject.open("legacy", Lab.bytes("legacy")))
        .isInstanceOf(BpfException.class)
        .hasMessageStartingWith("open object legacy: ")
        .hasMessageContaining("legacy map definitions in 'maps' section are not supported");
  }

  @Test
  void open_notAnObject_throwsEnoexec() {
    assertThatThrownBy(() -> BpfObject.open("text", "not an object".getBytes(US_ASCII)))
        .isInstanceOf(BpfException.class)
        .hasMessage("open object text: ENOEXEC (Exec format error)\nnot an ELF file (13 bytes)");
  }

  @Test
  void open_truncatedObject_throws() {
    byte[] lab = Lab.bytes("lab");
    for (int length = 0; length < lab.length; length += 13) {
      byte[] cut = Arrays.copyOf(lab, length);
      assertThatThrownBy(() -> BpfObject.open("cut", cut)).isInstanceOf(BpfException.class);
    }
  }

  @Test
  void load_calledTwice_throws() {
    try (BpfObject lab = Lab.load()) {
      assertThatIllegalStateException()
          .isThrownBy(lab::load)
          .withMessage("object lab is already loaded");
    }
    try (BpfObject rejected = BpfObject.open("rejected", Lab.bytes("rejected"))) {
      assertThatThrownBy(rejected::load).isInstanceOf(BpfException.class);
      assertThatIllegalStateException()
          .isThrownBy(rejected::load)
          .withMessage("object rejected failed to load");
    }
  }

  @Test
  void configure_afterLoad_throws() {
    try (BpfObject lab = Lab.load()) {
      BpfMap table = lab.map("table");
      BpfProgram verdict = lab.program("verdict");

      assertThatIllegalStateException()
          .isThrownBy(() -> table.maxEntries(1))
          .withMessage("map table is already loaded");
      assertThatIllegalStateException().isThrownBy(() -> table.flags(0));
      assertThatIllegalStateException().isThrownBy(() -> table.autocreate(false));
      assertThatIllegalStateException().isThrownBy(() -> lab.map("outer").innerMaxEntries(1));
      assertThatIllegalStateException()
          .isThrownBy(() -> verdict.autoload(false))
          .withMessage("program verdict is already loaded");
      assertThatIllegalStateException().isThrownBy(() -> verdict.logLevel(4));
    }
  }

  @Test
  void close_calledTwice_isIgnored() {
    BpfObject lab = Lab.load();
    lab.close();

    assertThatCode(lab::close).doesNotThrowAnyException();
  }

  @Test
  void anyCall_closedObject_throws() {
    BpfObject lab = Lab.load();
    BpfMap table = lab.map("table");
    BpfProgram verdict = lab.program("verdict");
    lab.close();

    assertThatIllegalStateException()
        .isThrownBy(() -> lab.map("table"))
        .withMessage("object lab is closed");
    assertThatIllegalStateException().isThrownBy(lab::load);
    assertThatIllegalStateException().isThrownBy(() -> lab.program("verdict"));
    assertThatIllegalStateException().isThrownBy(table::fd).withMessage("map table is closed");
    assertThatIllegalStateException()
        .isThrownBy(() -> Lab.run(verdict))
        .withMessage("program verdict is closed");
  }

  @Test
  void constants_closedObject_areInvalid() {
    BpfObject lab = Lab.open();
    MemorySegment constants = lab.constants(".rodata");
    lab.close();

    assertThatIllegalStateException().isThrownBy(() -> constants.get(JAVA_INT, 0));
  }

  @Test
  void close_afterSuccessOrFailure_leaksNoFileDescriptor() throws IOException {
    long before = bpfFileDescriptors();
    Lab.load().close();
    for (String name : new String[] {"rejected", "lab"}) {
      try (BpfObject object = BpfObject.open(name, Lab.bytes(name))) {
        if (name.equals("lab")) {
          object.map("outer").innerMaxEntries(3);
          object.map("events").maxEntries(4096).flags(BpfConstants.BPF_F_NO_PREALLOC);
        }
        assertThatThrownBy(object::load).isInstanceOf(BpfException.class);
      }
    }

    assertThat(bpfFileDescriptors()).isEqualTo(before);
  }

  private static long bpfFileDescriptors() throws IOException {
    try (var fds = Files.list(Path.of("/proc/self/fd"))) {
      return fds.filter(BpfObjectTest::isBpf).count();
    }
  }

  private static boolean isBpf(Path fd) {
    try {
      return Files.readSymbolicLink(fd).toString().contains("bpf");
    } catch (IOException e) {
      return false; // closed meanwhile
    }
  }
}
