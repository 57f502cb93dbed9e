package dev.katran.ffm;

import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_PERCPU_HASH;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@KernelTest
class MapBatchTest {

  private static final int ENTRIES = 1000;

  private final Arena arena = Arena.ofConfined();

  @AfterEach
  void close() {
    arena.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 7, 64, ENTRIES, 5000})
  void entries_hashAndAnyBatchSize_readsAll(int batchSize) {
    try (BpfMap table =
        BpfMap.create(MapSpec.hash("table").keySize(4).valueSize(8).maxEntries(ENTRIES))) {
      fill(table, ENTRIES);

      assertThat(read(table, batchSize)).isEqualTo(expected(ENTRIES));
    }
  }

  @Test
  void entries_lruHash_readsAll() {
    try (BpfMap table =
        BpfMap.create(MapSpec.lruHash("table").keySize(4).valueSize(8).maxEntries(10 * ENTRIES))) {
      fill(table, ENTRIES);

      assertThat(read(table, 100)).isEqualTo(expected(ENTRIES));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 5})
  void entries_array_readsAll(int batchSize) {
    try (BpfMap array = BpfMap.create(MapSpec.array("array").valueSize(8).maxEntries(10))) {
      fill(array, 10);

      assertThat(read(array, batchSize)).isEqualTo(expected(10));
    }
  }

  @Test
  void entries_perCpuHash_readsAllValues() {
    try (BpfMap table =
        BpfMap.create(
            MapSpec.of(BPF_MAP_TYPE_PERCPU_HASH, "table").keySize(4).valueSize(4).maxEntries(4))) {
      MemorySegment values = arena.allocate(table.bufferSize(), 8);
      for (int cpu = 0; cpu < BpfMap.possibleCpus(); cpu++) {
        values.set(JAVA_INT, (long) cpu * table.valueStride(), cpu + 1);
      }
      table.update(Lab.of(arena, 9), values);

      MapCursor cursor = table.entries(8, arena);
      assertThat(cursor.next()).isEqualTo(1);
      assertThat(cursor.key(0).get(JAVA_INT, 0)).isEqualTo(9);
      assertThat(cursor.value(0).mismatch(values)).isEqualTo(-1);
      assertThat(cursor.next()).isZero();
      assertThat(cursor.next()).isZero();
    }
  }

  @Test
  void entries_emptyMap_readsNothing() {
    try (BpfMap table =
        BpfMap.create(MapSpec.hash("table").keySize(4).valueSize(8).maxEntries(4))) {
      assertThat(read(table, 16)).isEmpty();
    }
  }

  @Test
  void updateBatch_mapFull_throwsE2big() {
    try (BpfMap table =
        BpfMap.create(MapSpec.hash("table").keySize(4).valueSize(8).maxEntries(2))) {
      MemorySegment keys = arena.allocateFrom(JAVA_INT, 1, 2, 3);
      MemorySegment values = arena.allocateFrom(JAVA_LONG, 10, 20, 30);

      assertThatThrownBy(() -> table.updateBatch(keys, values, 3))
          .hasMessage("update map table: E2BIG (Argument list too long)");
      assertThat(read(table, 4)).isEqualTo(Map.of(1, 10L, 2, 20L));
    }
  }

  @Test
  void deleteBatch_missingKey_stopsThere() {
    try (BpfMap table =
        BpfMap.create(MapSpec.hash("table").keySize(4).valueSize(8).maxEntries(10))) {
      fill(table, 10);

      assertThat(table.deleteBatch(arena.allocateFrom(JAVA_INT, 0, 1, 2), 3)).isEqualTo(3);
      assertThat(table.deleteBatch(arena.allocateFrom(JAVA_INT, 3, 77, 4), 3)).isEqualTo(1);
      assertThat(read(table, 10)).hasSize(6).containsKey(4);
    }
  }

  @Test
  void batch_segmentTooSmall_throws() {
    try (BpfMap table =
        BpfMap.create(MapSpec.hash("table").keySize(4).valueSize(8).maxEntries(10))) {
      MemorySegment two = arena.allocate(16);

      assertThatIllegalArgumentException()
          .isThrownBy(() -> table.updateBatch(two, two, 3))
          .withMessageStartingWith("values of map table: needs 24 native bytes");
      assertThatIllegalArgumentException().isThrownBy(() -> table.deleteBatch(two, 5));
      assertThatIllegalArgumentException().isThrownBy(() -> table.deleteBatch(two, 0));
    }
  }

  @Test
  void next_memoryClosed_throws() {
    try (BpfMap table =
        BpfMap.create(MapSpec.hash("table").keySize(4).valueSize(8).maxEntries(10))) {
      MapCursor cursor;
      try (Arena batch = Arena.ofConfined()) {
        cursor = table.entries(4, batch);
      }

      assertThatIllegalStateException().isThrownBy(cursor::next);
    }
  }

  @Test
  void moveTo_otherMemory_continues() {
    try (BpfMap table =
        BpfMap.create(MapSpec.hash("table").keySize(4).valueSize(8).maxEntries(100))) {
      fill(table, 100);
      Map<Integer, Long> entries = new HashMap<>();
      MapCursor cursor = table.entries(8, Arena.ofAuto());
      int read;
      do {
        try (Arena batch = Arena.ofConfined()) {
          cursor.moveTo(batch);
          read = cursor.next();
          for (int i = 0; i < read; i++) {
            entries.put(cursor.key(i).get(JAVA_INT, 0), cursor.value(i).get(JAVA_LONG, 0));
          }
        }
      } while (read > 0);

      assertThat(entries).isEqualTo(expected(100));
    }
  }

  private void fill(BpfMap map, int entries) {
    MemorySegment keys = arena.allocate(JAVA_INT, entries);
    MemorySegment values = arena.allocate(JAVA_LONG, entries);
    for (int i = 0; i < entries; i++) {
      keys.setAtIndex(JAVA_INT, i, i);
      values.setAtIndex(JAVA_LONG, i, valueOf(i));
    }
    assertThat(map.updateBatch(keys, values, entries)).isEqualTo(entries);
  }

  private static Map<Integer, Long> read(BpfMap map, int batchSize) {
    Map<Integer, Long> entries = new HashMap<>();
    try (Arena batch = Arena.ofConfined()) {
      MapCursor cursor = map.entries(batchSize, batch);
      for (int n = cursor.next(); n > 0; n = cursor.next()) {
        for (int i = 0; i < n; i++) {
          Long before =
              entries.put(cursor.keys().getAtIndex(JAVA_INT, i), cursor.value(i).get(JAVA_LONG, 0));
          assertThat(before).isNull();
        }
      }
    }
    return entries;
  }

  private static Map<Integer, Long> expected(int entries) {
    Map<Integer, Long> expected = new HashMap<>();
    for (int i = 0; i < entries; i++) {
      expected.put(i, valueOf(i));
    }
    return expected;
  }

  private static long valueOf(int key) {
    return 1_000_000L + key;
  }
}
