package dev.katran.ffm;

import static dev.katran.ffm.BpfConstants.BPF_ANY;
import static dev.katran.ffm.BpfConstants.BPF_EXIST;
import static dev.katran.ffm.BpfConstants.BPF_F_NO_COMMON_LRU;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_ARRAY;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_HASH;
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
import java.util.concurrent.FutureTask;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@KernelTest
class BpfMapTest {

  private final Arena arena = Arena.ofConfined();
  private final BpfMap table =
      BpfMap.create(MapSpec.hash("table").keySize(4).valueSize(8).maxEntries(4));
  private final MemorySegment value = arena.allocate(JAVA_LONG);

  @AfterEach
  void close() {
    table.close();
    arena.close();
  }

  @Test
  void create_hash_reportsItsProperties() {
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
  void create_longName_keepsFlagsAnd15Characters() {
    try (BpfMap lru =
        BpfMap.create(
            MapSpec.lruHash("flows_of_this_balancer")
                .keySize(4)
                .valueSize(4)
                .maxEntries(128)
                .flags(BPF_F_NO_COMMON_LRU))) {
      assertThat(lru.name()).isEqualTo("flows_of_this_b");
      assertThat(lru.flags()).isEqualTo(BPF_F_NO_COMMON_LRU);
    }
  }

  @Test
  void maxEntries_beforeLoad_setsTheCapacity() {
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
  void flags_beforeLoad_areApplied() {
    try (BpfObject lab = Lab.open()) {
      BpfMap map = lab.map("table");
      map.flags(map.flags() | BpfConstants.BPF_F_NO_PREALLOC);
      lab.load();

      assertThat(map.flags()).isEqualTo(BpfConstants.BPF_F_NO_PREALLOC);
    }
  }

  @Test
  void maxEntries_zero_throws() {
    try (BpfObject lab = Lab.open()) {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> lab.map("table").maxEntries(0))
          .withMessage("0 is not greater than 0");
    }
  }

  @Test
  void lookup_afterUpdate_returnsTheValue() {
    table.update(key(1), value(42));

    assertThat(table.lookup(key(1), value(0))).isTrue();
    assertThat(value.get(JAVA_LONG, 0)).isEqualTo(42);
    assertThat(table.lookup(key(2), value)).isFalse();
  }

  @Test
  void update_withFlags_checksForTheEntry() {
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
  void delete_reportsWhetherTheEntryExisted() {
    table.update(key(1), value(1), BPF_ANY);

    assertThat(table.delete(key(1))).isTrue();
    assertThat(table.delete(key(1))).isFalse();
    assertThat(table.lookup(key(1), value)).isFalse();
  }

  @Test
  void delete_fromArray_throwsEinval() {
    try (BpfMap array = BpfMap.create(MapSpec.array("numbers").valueSize(8).maxEntries(1))) {
      assertThatThrownBy(() -> array.delete(key(0)))
          .hasMessage("delete from map numbers: EINVAL (Invalid argument)");
      assertThat(array.lookup(key(1), value)).isFalse();
    }
  }

  @Test
  void forEachKey_visitsAllKeys() {
    assertThat(table.nextKey(null, key(0))).isFalse();
    Set<Integer> keys = new HashSet<>();
    for (int i = 10; i < 14; i++) {
      table.update(key(i), value);
    }

    table.forEachKey(key -> keys.add(key.get(JAVA_INT, 0)));

    assertThat(keys).containsExactlyInAnyOrder(10, 11, 12, 13);
  }

  @Test
  void forEachKey_deletingAction_emptiesTheMap() {
    for (int i = 10; i < 14; i++) {
      table.update(key(i), value);
    }

    table.forEachKey(table::delete);

    assertThat(table.nextKey(null, key(0))).isFalse();
  }

  @Test
  void lookup_perCpuMap_returnsAValuePerPossibleCpu() {
    int cpus = BpfMap.possibleCpus();
    try (BpfMap perCpu =
        BpfMap.create(
            MapSpec.of(BPF_MAP_TYPE_PERCPU_HASH, "per_cpu")
                .keySize(4)
                .valueSize(4)
                .maxEntries(4))) {
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
  void lookup_perCpuMap_sumsTheProgramsCounts() {
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
  void anyCall_unsuitableSegment_throws() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> table.lookup(MemorySegment.ofArray(new int[1]), value))
        .withMessageStartingWith("key of map table: needs 4 native bytes, got ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> table.lookup(arena.allocate(3), value))
        .withMessageStartingWith("key of map table: needs 4 native bytes, got ");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> table.update(key(1), key(2)))
        .withMessageStartingWith("value of map table: needs 8 native bytes, got ");
  }

  @Test
  void lookup_closedSegment_throws() {
    MemorySegment key;
    try (Arena other = Arena.ofConfined()) {
      key = other.allocate(JAVA_INT);
    }

    assertThatIllegalStateException().isThrownBy(() -> table.lookup(key, value));
  }

  @Test
  void create_rejectedByKernel_describesTheMap() {
    assertThatThrownBy(() ->
            BpfMap.create(
                MapSpec.of(BPF_MAP_TYPE_ARRAY, "odd").keySize(3).valueSize(8).maxEntries(1)))
        .isInstanceOf(BpfException.class)
        .hasMessage(
            "create map odd (type 2, key size 3, value size 8, max entries 1, flags 0x0): EINVAL (Invalid argument)");
  }

  @Test
  void anyCall_closedMap_throws() {
    table.close();

    assertThatCode(table::close).doesNotThrowAnyException();
    assertThatIllegalStateException()
        .isThrownBy(() -> table.lookup(key(1), value))
        .withMessage("map table is closed");
    assertThatIllegalStateException().isThrownBy(() -> table.update(key(1), value));
    assertThatIllegalStateException().isThrownBy(() -> table.delete(key(1)));
    assertThatIllegalStateException().isThrownBy(table::freeze);
    assertThat(table.kernelMemory()).isZero();
    assertThat(table.name()).isEqualTo("table");
  }

  /** Unsynchronised, it would read a number that is closed meanwhile, or another file's. */
  @Test
  void kernelMemory_whileMapsAreClosed_neverThrows() throws Exception {
    MapSpec spec = MapSpec.array("numbers").valueSize(8).maxEntries(1);
    AtomicReference<BpfMap> current = new AtomicReference<>(BpfMap.create(spec));
    AtomicBoolean done = new AtomicBoolean();
    FutureTask<Void> reader =
        new FutureTask<>(
            () -> {
              while (!done.get()) {
                current.get().kernelMemory();
              }
            },
            null);
    Thread.ofPlatform().start(reader);
    for (int i = 0; i < 2000; i++) {
      current.getAndSet(BpfMap.create(spec)).close();
    }
    done.set(true);
    current.get().close();

    assertThatCode(reader::get).doesNotThrowAnyException();
  }

  @Test
  void kernelMemory_noDescriptorLeft_isZero() {
    assertThat(table.kernelMemory()).isPositive();
    long[] memory = {-1};
    Descriptors.withLeft(0, () -> memory[0] = table.kernelMemory());

    assertThat(memory[0]).isZero();
  }

  @Test
  void create_noDescriptorLeft_throwsEmfile() {
    MapSpec spec = MapSpec.array("numbers").valueSize(8).maxEntries(1);
    Descriptors.withLeft(
        0, () -> assertThatThrownBy(() -> BpfMap.create(spec)).hasMessageContaining("EMFILE"));
  }

  private MemorySegment key(int number) {
    return Lab.of(arena, number);
  }

  private MemorySegment value(long number) {
    value.set(JAVA_LONG, 0, number);
    return value;
  }
}
