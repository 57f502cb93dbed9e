package dev.katran.ffm;

import static dev.katran.ffm.BpfConstants.BPF_F_MMAPABLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@KernelTest
class MapOfMapsTest {

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment one = arena.allocateFrom(JAVA_INT, 1);

  @AfterEach
  void close() {
    arena.close();
  }

  @Test
  void updateInner_isSeenByThePrograms() {
    try (BpfObject lab = Lab.load()) {
      BpfMap outer = lab.map("outer");
      BpfProgram reader = lab.program("read_inner");
      assertThat(Lab.run(reader)).isZero();

      put(outer, 41, 1);
      assertThat(Lab.run(reader)).isEqualTo(41);
      put(outer, 42, 1);
      assertThat(Lab.run(reader)).isEqualTo(42);

      assertThat(outer.delete(one)).isTrue();
      assertThat(Lab.run(reader)).isZero();
    }
  }

  @Test
  @SinceLinux(version = "6.0", feature = "batched updates of maps of maps")
  void updateInnerBatch_replacesAllMaps() {
    try (BpfObject lab = Lab.open();
        BpfMap first = inner(44);
        BpfMap second = inner(45)) {
      BpfMap outer = lab.map("outer").maxEntries(2);
      lab.load();
      BpfProgram reader = lab.program("read_inner");

      outer.updateInnerBatch(arena.allocateFrom(JAVA_INT, 0, 1), List.of(first, second));
      assertThat(Lab.run(reader)).isEqualTo(45);

      outer.updateInnerBatch(arena.allocateFrom(JAVA_INT, 1, 0), List.of(first, second));
      assertThat(Lab.run(reader)).isEqualTo(44);
    }
  }

  @Test
  void innerMaxEntries_resizesTheTemplate() {
    try (BpfObject lab = Lab.open()) {
      BpfMap outer = lab.map("outer").maxEntries(5).innerMaxEntries(100);
      lab.load();

      put(outer, 43, 100);

      assertThat(Lab.run(lab.program("read_inner"))).isEqualTo(43);
      assertThat(outer.maxEntries()).isEqualTo(5);
    }
  }

  @Test
  void updateInner_otherSize_throwsEinval() {
    try (BpfObject lab = Lab.open()) {
      lab.map("outer").innerMaxEntries(100);
      lab.load();

      assertThatThrownBy(() -> put(lab.map("outer"), 1, 1))
          .hasMessage("update map outer: EINVAL (Invalid argument)");
    }
  }

  @Test
  void innerMaxEntries_illegalUse_throws() {
    try (BpfObject lab = Lab.open()) {
      assertThatIllegalStateException()
          .isThrownBy(() -> lab.map("table").innerMaxEntries(1))
          .withMessage("map table is not a map of maps");
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lab.map("outer").innerMaxEntries(-1))
          .withMessage("-1 is not greater than 0");
    }
  }

  @Test
  void innerMaxEntries_mapLeftOut_isIgnored() {
    try (BpfObject lab = Lab.open()) {
      lab.map("outer").innerMaxEntries(100).autocreate(false);
      lab.program("read_inner").autoload(false);
      lab.load();

      assertThatIllegalStateException().isThrownBy(lab.map("outer")::fd);
    }
  }

  /** Installs an inner map, which the outer map keeps alive after its handle is closed. */
  private void put(BpfMap outer, int value, int entries) {
    try (BpfMap inner = inner(value, entries)) {
      outer.updateInner(one, inner);
    }
  }

  private static BpfMap inner(int value) {
    return inner(value, 1);
  }

  private static BpfMap inner(int value, int entries) {
    BpfMap inner =
        BpfMap.create(
            MapSpec.array("inner").valueSize(4).maxEntries(entries).flags(BPF_F_MMAPABLE));
    inner.mmap().set(JAVA_INT, 0, value);
    return inner;
  }
}
