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
  void constantsHaveTheirInitialValues() {
    try (BpfObject lab = Lab.open()) {
      assertThat(lab.constants(".rodata.config").get(JAVA_INT, 0)).isEqualTo(BpfConstants.XDP_PASS);
      assertThat(lab.constants(".rodata").get(JAVA_INT, 0)).isEqualTo(7);
    }
  }

  @Test
  void programsSeeTheConstantsThatWereWritten() {
    try (BpfObject lab = Lab.open()) {
      lab.constants(".rodata.config").set(JAVA_INT, 0, BpfConstants.XDP_TX);
      lab.load();

      assertThat(Lab.run(lab.program("verdict"))).isEqualTo(BpfConstants.XDP_TX);
    }
  }

  @Test
  void constantsAreReadOnlyOnceLoaded() {
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
  void constantsOfAMapThatIsNoSectionAreRefused() {
    try (BpfObject lab = Lab.open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lab.constants("table"))
          .withMessage("table of object lab is no section");
    }
  }

  @Test
  void unknownNamesAreAnsweredWithTheKnownOnes() {
    try (BpfObject lab = Lab.open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lab.map("chair"))
          .withMessageStartingWith("no map chair in object lab, which has ")
          .withMessageContaining("table")
          .withMessageContaining(".rodata.config");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lab.program("balancer"))
          .withMessageStartingWith("no program balancer in object lab, which has verdict, queue");
    }
  }

  @Test
  void mapsAndProgramsAreTheSameBeforeAndAfterTheLoad() {
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
  void aMapThatDeadCodeRefersToNeedNotExist() {
    try (BpfObject lab = Lab.open()) {
      lab.map("optional").create(false);
      lab.load();

      assertThatIllegalStateException()
          .isThrownBy(lab.map("optional")::fd)
          .withMessage("map optional was left out of the load");
      assertThat(Lab.run(lab.program("verdict"))).isEqualTo(BpfConstants.XDP_PASS);
    }
  }

  @Test
  void aMapThatLiveCodeRefersToMustExist() {
    try (BpfObject lab = Lab.open()) {
      lab.map("optional").create(false);
      lab.constants(".rodata.config").set(JAVA_INT, 4, 1);

      assertThatThrownBy(lab::load)
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("load program verdict: ")
          .hasMessageContaining("optional");
    }
  }

  @Test
  void aProgramCanBeLeftOut() {
    try (BpfObject rejected = BpfObject.open("rejected", Lab.bytes("rejected"))) {
      rejected.program("careless").load(false);
      rejected.load();

      assertThat(Lab.run(rejected.program("fine"))).isEqualTo(BpfConstants.XDP_PASS);
      assertThatIllegalStateException()
          .isThrownBy(rejected.program("careless")::fd)
          .withMessage("program careless was left out of the load");
    }
  }

  @Test
  void theVerifiersRefusalComesWithItsLog() {
    try (BpfObject rejected = BpfObject.open("rejected", Lab.bytes("rejected"))) {
      assertThatThrownBy(rejected::load)
          .hasMessageStartingWith("load program careless: EACCES (Permission denied)\n")
          .asInstanceOf(type(BpfException.class))
          .satisfies(e -> assertThat(e.errno()).isEqualTo(Errno.EACCES))
          .satisfies(e -> assertThat(e.log()).contains("invalid access to packet, off=12 size=1"));
    }
  }

  @Test
  void theVerifiersRefusalIsAttributedThoughOthersHaveLogsToo() {
    try (BpfObject rejected = BpfObject.open("rejected", Lab.bytes("rejected"))) {
      rejected.program("fine").logLevel(BpfConstants.BPF_LOG_STATS);

      assertThatThrownBy(rejected::load).hasMessageStartingWith("load program careless: EACCES");
    }
  }

  @Test
  void aMapTheKernelRefusesIsNamed() {
    try (BpfObject lab = Lab.open()) {
      lab.map("events").maxEntries(4096).flags(BpfConstants.BPF_F_NO_PREALLOC);

      assertThatThrownBy(lab::load)
          .hasMessageStartingWith("load object lab: EINVAL (Invalid argument)\n")
          .hasMessageContaining("'events'");
    }
  }

  @Test
  void missingCapabilitiesAreExplained() throws Exception {
    Isolated.withoutCapabilities(() -> {
      try (BpfObject lab = Lab.open()) {
        assertThatThrownBy(lab::load)
            .hasMessageStartingWith("load object lab: EPERM (Operation not permitted)\n");
      }
    });
  }

  @Test
  void whatLibbpfRefusesIsExplainedByIt() {
    assertThatThrownBy(() -> BpfObject.open("legacy", Lab.bytes("legacy")))
        .isInstanceOf(BpfException.class)
        .hasMessageStartingWith("open object legacy: ")
        .hasMessageContaining("legacy map definitions in 'maps' section are not supported");
  }

  @Test
  void whatIsNoObjectIsRefused() {
    assertThatThrownBy(() -> BpfObject.open("text", "not an object".getBytes(US_ASCII)))
        .isInstanceOf(BpfException.class)
        .hasMessage("open object text: ENOEXEC (Exec format error)\nnot an ELF file (13 bytes)");
  }

  @Test
  void anObjectCutAnywhereIsRefused() {
    byte[] lab = Lab.bytes("lab");
    for (int length = 0; length < lab.length; length += 13) {
      byte[] cut = Arrays.copyOf(lab, length);
      assertThatThrownBy(() -> BpfObject.open("cut", cut)).isInstanceOf(BpfException.class);
    }
  }

  @Test
  void anObjectIsLoadedOnce() {
    try (BpfObject lab = Lab.load()) {
      assertThatIllegalStateException()
          .isThrownBy(lab::load)
          .withMessage("object lab is loaded already");
    }
    try (BpfObject rejected = BpfObject.open("rejected", Lab.bytes("rejected"))) {
      assertThatThrownBy(rejected::load).isInstanceOf(BpfException.class);
      assertThatIllegalStateException()
          .isThrownBy(rejected::load)
          .withMessage("object rejected failed to load");
    }
  }

  @Test
  void nothingCanBeConfiguredAfterTheLoad() {
    try (BpfObject lab = Lab.load()) {
      BpfMap table = lab.map("table");
      BpfProgram verdict = lab.program("verdict");

      assertThatIllegalStateException()
          .isThrownBy(() -> table.maxEntries(1))
          .withMessage("map table is loaded already");
      assertThatIllegalStateException().isThrownBy(() -> table.flags(0));
      assertThatIllegalStateException().isThrownBy(() -> table.create(false));
      assertThatIllegalStateException().isThrownBy(() -> lab.map("outer").innerMaxEntries(1));
      assertThatIllegalStateException()
          .isThrownBy(() -> verdict.load(false))
          .withMessage("program verdict is loaded already");
      assertThatIllegalStateException().isThrownBy(() -> verdict.logLevel(4));
    }
  }

  @Test
  void closingTwiceIsClosingOnce() {
    BpfObject lab = Lab.load();
    lab.close();

    assertThatCode(lab::close).doesNotThrowAnyException();
  }

  @Test
  void nothingCanBeUsedAfterClose() {
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
  void constantsEndWithAnObjectThatWasNeverLoaded() {
    BpfObject lab = Lab.open();
    MemorySegment constants = lab.constants(".rodata");
    lab.close();

    assertThatIllegalStateException().isThrownBy(() -> constants.get(JAVA_INT, 0));
  }

  @Test
  void noFileDescriptorIsLeftBehind() throws IOException {
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
