package dev.katran.ffm;

import static dev.katran.ffm.BpfConstants.BPF_F_MMAPABLE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.ffm.internal.LibC;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

@KernelTest
class MapMemoryTest {

  @Test
  void mmap_valuesAreSharedWithPrograms() {
    try (BpfObject lab = Lab.load()) {
      BpfMap mapped = lab.map("mapped");
      MemorySegment memory = mapped.mmap();
      assertThat(mapped.valueSize()).isEqualTo(12);
      assertThat(mapped.valueStride()).isEqualTo(16);

      memory.set(JAVA_INT, 16, 5);
      memory.set(JAVA_INT, 20, 30);

      assertThat(Lab.run(lab.program("add_mapped"))).isEqualTo(35);
      assertThat(memory.get(JAVA_INT, 20)).isEqualTo(35);
    }
  }

  @Test
  void mmap_bss_containsTheVariables() {
    try (BpfObject lab = Lab.load()) {
      MemorySegment bss = lab.map(".bss").mmap();
      Lab.run(lab.program("verdict"));

      assertThat(bss.get(JAVA_LONG, 0)).isEqualTo(1);
    }
  }

  @Test
  void mmap_coversWholePages() {
    int page = LibC.pageSize();
    try (BpfMap large = array("large", 12, page / 4, BPF_F_MMAPABLE)) {
      MemorySegment memory = large.mmap();

      assertThat(memory.byteSize()).isEqualTo(4L * page);
      memory.set(JAVA_INT, 4L * page - 4, 1);
      assertThat(large.mmap()).isSameAs(memory);
    }
  }

  @Test
  void munmap_invalidatesTheSegment() {
    try (BpfMap map = array("numbers", 4, 1, BPF_F_MMAPABLE)) {
      MemorySegment memory = map.mmap();
      memory.set(JAVA_INT, 0, 7);
      map.munmap();

      assertThatIllegalStateException().isThrownBy(() -> memory.get(JAVA_INT, 0));
      assertThat(map.mmap().get(JAVA_INT, 0)).isEqualTo(7);
    }
  }

  @Test
  void close_invalidatesTheSegment() {
    BpfMap map = array("numbers", 4, 1, BPF_F_MMAPABLE);
    MemorySegment memory = map.mmap();
    map.close();

    assertThatIllegalStateException().isThrownBy(() -> memory.get(JAVA_INT, 0));
    assertThatIllegalStateException().isThrownBy(map::mmap).withMessage("map numbers is closed");
  }

  @Test
  void map_outlivesTheHandle_untilTheArenaIsClosed() throws Exception {
    long before = mappings();
    MemorySegment memory;
    try (Arena lifetime = Arena.ofShared()) {
      BpfMap map = array("numbers", 4, 1, BPF_F_MMAPABLE);
      memory = map.map(lifetime);
      map.mmap().set(JAVA_INT, 0, 7);
      map.close();

      assertThat(memory.get(JAVA_INT, 0)).isEqualTo(7);
    }
    assertThatIllegalStateException().isThrownBy(() -> memory.get(JAVA_INT, 0));
    assertThat(mappings()).isEqualTo(before);
  }

  private static long mappings() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains("bpf-map")).count();
    }
  }

  @Test
  void closeObject_invalidatesTheSegment() {
    BpfObject lab = Lab.load();
    MemorySegment memory = lab.map("mapped").mmap();
    lab.close();

    assertThatIllegalStateException().isThrownBy(() -> memory.get(JAVA_INT, 0));
  }

  @Test
  void mmap_withoutTheFlag_throws() {
    try (BpfMap plain = array("plain", 4, 1, 0)) {
      assertThatIllegalStateException()
          .isThrownBy(plain::mmap)
          .withMessage("map plain is not an array with the flag BPF_F_MMAPABLE");
    }
  }

  @Test
  void freeze_deniesUpdateAndMmap() {
    try (BpfMap map = array("numbers", 4, 1, BPF_F_MMAPABLE);
        Arena arena = Arena.ofConfined()) {
      MemorySegment value = arena.allocateFrom(JAVA_INT, 42);
      map.update(Lab.of(arena, 0), value);
      map.freeze();

      assertThatThrownBy(() -> map.update(Lab.of(arena, 0), value))
          .hasMessage("update map numbers: EPERM (Operation not permitted)");
      assertThatThrownBy(map::mmap).hasMessage("mmap map numbers: EPERM (Operation not permitted)");
      value.set(JAVA_INT, 0, 0);
      assertThat(map.lookup(Lab.of(arena, 0), value)).isTrue();
      assertThat(value.get(JAVA_INT, 0)).isEqualTo(42);
    }
  }

  @Test
  void freeze_mappedMap_throwsEbusy() {
    try (BpfMap map = array("numbers", 4, 1, BPF_F_MMAPABLE)) {
      map.mmap();

      assertThatThrownBy(map::freeze)
          .hasMessage("freeze map numbers: EBUSY (Device or resource busy)");
    }
  }

  private static BpfMap array(String name, int valueSize, int maxEntries, int flags) {
    return BpfMap.create(
        MapSpec.array(name).valueSize(valueSize).maxEntries(maxEntries).flags(flags));
  }
}
