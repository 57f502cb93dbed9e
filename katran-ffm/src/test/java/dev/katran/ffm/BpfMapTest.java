package dev.katran.ffm;

import static dev.katran.ffm.BpfConstants.BPF_ANY;
import static dev.katran.ffm.BpfConstants.BPF_EXIST;
import static dev.katran.ffm.BpfConstants.BPF_F_NO_COMMON_LRU;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_ARRAY;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_HASH;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_LRU_HASH;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_PERCPU_HASH;
import static dev.katran.ffm.BpfConstants.BPF_NOEXIST;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@KernelTest
class BpfMapTest {

  private final Arena arena = Arena.ofConfined();
  private final BpfMap table = BpfMap.create(BPF_MAP_TYPE_HASH, "table", 4, 8, 4, 0);
  private final MemorySegment value = arena.allocate(JAVA_LONG);

  @AfterEach
  void close() {
    table.close();
    arena.close();
  }

  @Test
  void tellsWhatItIs() {
    assertThat(table.name()).isEqualTo("table");
    assertThat(table.type()).isEqualTo(BPF_MAP_TYPE_HASH);
    assertThat(table.keySize()).isEqualTo(4);
    assertThat(table.valueSize()).isEqualTo(8);
    assertThat(table.bufferSize()).isEqualTo(8);
    assertThat(table.maxEntries()).isEqualTo(4);
    assertThat(table.flags()).isZero();
    assertThat(table.kernelMemory()).isPositive();
    assertThat(table).hasToString("map table");
  }

  @Test
  void keepsFlagsAndTheFirst15CharactersOfTheName() {
    try (BpfMap lru =
        BpfMap.create(
            BPF_MAP_TYPE_LRU_HASH, "flows_of_this_balancer", 4, 4, 128, BPF_F_NO_COMMON_LRU)) {
      assertThat(lru.name()).isEqualTo("flows_of_this_b");
      assertThat(lru.flags()).isEqualTo(BPF_F_NO_COMMON_LRU);
    }
  }

  @Test
  void anObjectsMapIsCreatedWithTheSizeItWasGiven() {
    try (BpfObject lab = Lab.open()) {
      BpfMap map = lab.map("table").maxEntries(1000);
      assertThat(map.maxEntries()).isEqualTo(1000);
      lab.load();

      assertThat(map.maxEntries()).isEqualTo(1000);
      for (int i = 0; i < 1000; i++) {
        map.update(key(i), value);
      }
      assertThatThrownBy(() -> map.update(key(1000), value))
          .hasMessage("update map table: E2BIG (Argument list too long)");
    }
  }

  @Test
  void anObjectsMapIsCreatedWithTheFlagsItWasGiven() {
    try (BpfObject lab = Lab.open()) {
      BpfMap map = lab.map("table");
      map.flags(map.flags() | BpfConstants.BPF_F_NO_PREALLOC);
      lab.load();

      assertThat(map.flags()).isEqualTo(BpfConstants.BPF_F_NO_PREALLOC);
    }
  }

  @Test
  void sizesMustBePositive() {
    try (BpfObject lab = Lab.open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lab.map("table").maxEntries(0))
          .withMessage("0 is not greater than 0");
    }
  }

  @Test
  void whatWasWrittenIsRead() {
    table.update(key(1), value(42));

    assertThat(table.lookup(key(1), value(0))).isTrue();
    assertThat(value.get(JAVA_LONG, 0)).isEqualTo(42);
    assertThat(table.lookup(key(2), value)).isFalse();
  }

  @Test
  void flagsSayWhetherAnEntryMayExist() {
    assertThatThrownBy(() -> table.update(key(1), value(1), BPF_EXIST))
        .hasMessage("update map table: ENOENT (No such file or directory)");
    table.update(key(1), value(1), BPF_NOEXIST);
    assertThatThrownBy(() -> table.update(key(1), value(2), BPF_NOEXIST))
        .hasMessage("update map table: EEXIST (File exists)");
    table.update(key(1), value(3), BPF_EXIST);

    table.lookup(key(1), value(0));
    assertThat(value.get(JAVA_LONG, 0)).isEqualTo(3);
  }

  @Test
  void deleteSaysWhetherThereWasAnEntry() {
    table.update(key(1), value(1), BPF_ANY);

    assertThat(table.delete(key(1))).isTrue();
    assertThat(table.delete(key(1))).isFalse();
    assertThat(table.lookup(key(1), value)).isFalse();
  }

  @Test
  void whatTheKernelRefusesSaysOnWhichMap() {
    try (BpfMap array = BpfMap.create(BPF_MAP_TYPE_ARRAY, "numbers", 4, 8, 1, 0)) {
      assertThatThrownBy(() -> array.delete(key(0)))
          .hasMessage("delete from map numbers: EINVAL (Invalid argument)");
      assertThat(array.lookup(key(1), value)).isFalse();
    }
  }

  @Test
  void keysComeOneAfterTheOther() {
    assertThat(table.nextKey(null, key(0))).isFalse();
    Set<Integer> keys = new HashSet<>();
    for (int i = 10; i < 14; i++) {
      table.update(key(i), value);
    }

    table.forEachKey(key -> keys.add(key.get(JAVA_INT, 0)));

    assertThat(keys).containsExactlyInAnyOrder(10, 11, 12, 13);
  }

  @Test
  void aKeyCanBeDeletedWhenItComes() {
    for (int i = 10; i < 14; i++) {
      table.update(key(i), value);
    }

    table.forEachKey(table::delete);

    assertThat(table.nextKey(null, key(0))).isFalse();
  }

  @Test
  void aPerCpuMapHasAValueForEachPossibleCpu() {
    int cpus = BpfMap.possibleCpus();
    try (BpfMap perCpu = BpfMap.create(BPF_MAP_TYPE_PERCPU_HASH, "per_cpu", 4, 4, 4, 0)) {
      assertThat(perCpu.valueSize()).isEqualTo(4);
      assertThat(perCpu.valueStride()).isEqualTo(8);
      assertThat(perCpu.bufferSize()).isEqualTo(8L * cpus);
      MemorySegment written = arena.allocate(perCpu.bufferSize(), 8);
      for (int cpu = 0; cpu < cpus; cpu++) {
        written.set(JAVA_INT, 8L * cpu, 100 + cpu);
      }

      perCpu.update(key(1), written);
      MemorySegment read = arena.allocate(perCpu.bufferSize(), 8);
      perCpu.lookup(key(1), read);

      assertThat(read.mismatch(written)).isEqualTo(-1);
    }
  }

  @Test
  void programsCountPerCpu() {
    try (BpfObject lab = Lab.load()) {
      BpfMap perCpu = lab.map("per_cpu");
      Lab.run(lab.program("verdict"));
      Lab.run(lab.program("verdict"));
      MemorySegment counts = arena.allocate(perCpu.bufferSize(), 8);
      perCpu.lookup(key(0), counts);

      int sum = 0;
      for (int cpu = 0; cpu < BpfMap.possibleCpus(); cpu++) {
        sum += counts.get(JAVA_INT, (long) cpu * perCpu.valueStride());
      }
      assertThat(sum).isEqualTo(2);
    }
  }

  @Test
  void segmentsMustBeNativeAndLargeEnough() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> table.lookup(MemorySegment.ofArray(new int[1]), value))
        .withMessageStartingWith("key of map table: 4 native bytes are needed, not ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> table.lookup(arena.allocate(3), value))
        .withMessageStartingWith("key of map table: 4 native bytes are needed, not ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> table.update(key(1), key(2)))
        .withMessageStartingWith("value of map table: 8 native bytes are needed, not ");
  }

  @Test
  void aSegmentThatIsClosedIsNotPassedOn() {
    MemorySegment key;
    try (Arena other = Arena.ofConfined()) {
      key = other.allocate(JAVA_INT);
    }

    assertThatIllegalStateException().isThrownBy(() -> table.lookup(key, value));
  }

  @Test
  void aMapTheKernelDoesNotCreateIsNamed() {
    assertThatThrownBy(() -> BpfMap.create(BPF_MAP_TYPE_ARRAY, "odd", 3, 8, 1, 0))
        .isInstanceOf(BpfException.class)
        .hasMessage("create map odd: EINVAL (Invalid argument)");
  }

  @Test
  void aClosedMapCannotBeUsed() {
    table.close();

    assertThatCode(table::close).doesNotThrowAnyException();
    assertThatIllegalStateException()
        .isThrownBy(() -> table.lookup(key(1), value))
        .withMessage("map table is closed");
    assertThatIllegalStateException().isThrownBy(() -> table.update(key(1), value));
    assertThatIllegalStateException().isThrownBy(() -> table.delete(key(1)));
    assertThatIllegalStateException().isThrownBy(table::freeze);
    assertThatIllegalStateException().isThrownBy(table::kernelMemory);
    assertThat(table.name()).isEqualTo("table");
  }

  private MemorySegment key(int number) {
    return Lab.of(arena, number);
  }

  private MemorySegment value(long number) {
    value.set(JAVA_LONG, 0, number);
    return value;
  }
}
