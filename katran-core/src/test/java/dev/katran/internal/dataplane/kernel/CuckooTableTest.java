package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.bpf.generated.Katran;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class CuckooTableTest {

  private static final int PER_LINE = Katran.KATRAN_VIPS_PER_LINE();

  /** Returns distinct keys with consecutive addresses, as operators assign them. */
  private static List<int[]> keys(int number) {
    List<int[]> keys = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      keys.add(new int[] {Integer.reverseBytes(0xcb007100 + i), 0, 0, 0, 0x0406bb01});
    }
    return keys;
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 8, 1024, 1 << 17})
  void of_halfFull_everyKeyIsInOneOfItsTwoLines(int lines) {
    List<int[]> keys = keys(lines * PER_LINE / 2);

    CuckooTable table = CuckooTable.of(keys, lines);

    Set<Integer> found = new HashSet<>();
    for (int line = 0; line < lines; line++) {
      for (int position = 0; position < PER_LINE; position++) {
        int key = table.keyAt(line, position);
        if (key != CuckooTable.FREE) {
          assertThat(table.linesOf(keys.get(key))).contains(line);
          assertThat(found.add(key)).as("key %d occurs once", key).isTrue();
        }
      }
    }
    assertThat(found).hasSameSizeAs(keys);
  }

  @Test
  void of_eighthFull_mostKeysAreInTheirFirstLine() {
    int lines = 1024;
    List<int[]> keys = keys(lines / 8);
    CuckooTable table = CuckooTable.of(keys, lines);

    long first =
        keys.stream()
            .filter(key -> {
              int line = table.linesOf(key)[0];
              return keys.indexOf(key) == table.keyAt(line, 0)
                  || keys.indexOf(key) == table.keyAt(line, 1);
            })
            .count();

    assertThat(first).isGreaterThan(keys.size() * 9L / 10);
  }

  @Test
  void isEmpty_lineWithoutKey_isTrue() {
    CuckooTable table = CuckooTable.of(keys(1), 16);
    int[] lines = table.linesOf(keys(1).getFirst());

    for (int line = 0; line < 16; line++) {
      assertThat(table.isEmpty(line)).isEqualTo(line != lines[0]);
    }
  }

  @Test
  void linesOf_keysDifferingInOneBit_areSpread() {
    Random random = new Random(1);
    List<int[]> keys = new ArrayList<>();
    int[] one = random.ints(Katran.KATRAN_VIP_KEY_WORDS()).toArray();
    for (int bit = 0; bit < one.length * Integer.SIZE; bit++) {
      int[] key = one.clone();
      key[bit / Integer.SIZE] ^= 1 << bit;
      keys.add(key);
    }

    CuckooTable table = CuckooTable.of(keys, 256);

    assertThat(keys.stream().map(key -> table.linesOf(key)[0]).distinct().count())
        .as("first lines of 160 keys, of 256")
        .isGreaterThan(80);
  }

  @Test
  void of_sameKeys_givesSameTable() {
    CuckooTable one = CuckooTable.of(keys(100), 128);
    CuckooTable other = CuckooTable.of(keys(100), 128);

    assertThat(one.multipliers()).isEqualTo(other.multipliers());
    assertThat(one.addend()).isEqualTo(other.addend());
  }

  @Test
  void of_moreKeysThanPositions_throws() {
    assertThatThrownBy(() -> CuckooTable.of(keys(5), 2))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("5", "2");
  }
}
