package dev.katran.ffm;

import static dev.katran.ffm.BpfConstants.BPF_F_MMAPABLE;
import static dev.katran.ffm.BpfConstants.BPF_F_NO_PREALLOC;
import static dev.katran.ffm.BpfConstants.BPF_F_NUMA_NODE;
import static dev.katran.ffm.BpfConstants.BPF_F_RDONLY_PROG;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_ARRAY;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_HASH;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_LPM_TRIE;
import static dev.katran.ffm.BpfConstants.BPF_MAP_TYPE_LRU_HASH;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class MapSpecTest {

  private static final MapSpec SPEC =
      MapSpec.hash("server_ids").keySize(4).valueSize(8).maxEntries(100);

  @Test
  void options_areKept() {
    assertThat(SPEC.type()).isEqualTo(BPF_MAP_TYPE_HASH);
    assertThat(SPEC.name()).isEqualTo("server_ids");
    assertThat(SPEC.keySize()).isEqualTo(4);
    assertThat(SPEC.valueSize()).isEqualTo(8);
    assertThat(SPEC.maxEntries()).isEqualTo(100);
    assertThat(SPEC.flags()).isZero();
    assertThat(SPEC.template()).isNull();
  }

  @Test
  void options_doNotChangeTheOriginal() {
    SPEC.maxEntries(7).flags(BPF_F_NO_PREALLOC);

    assertThat(SPEC.maxEntries()).isEqualTo(100);
    assertThat(SPEC.flags()).isZero();
  }

  @Test
  void factories_presetWhatTheTypeRequires() {
    assertThat(MapSpec.array("a").type()).isEqualTo(BPF_MAP_TYPE_ARRAY);
    assertThat(MapSpec.array("a").keySize()).isEqualTo(Integer.BYTES);
    assertThat(MapSpec.lruHash("a").type()).isEqualTo(BPF_MAP_TYPE_LRU_HASH);
    assertThat(MapSpec.lpmTrie("a").type()).isEqualTo(BPF_MAP_TYPE_LPM_TRIE);
    assertThat(MapSpec.lpmTrie("a").flags()).isEqualTo(BPF_F_NO_PREALLOC);
  }

  @Test
  void flags_calledTwice_areAdded() {
    assertThat(SPEC.flags(BPF_F_MMAPABLE).flags(BPF_F_RDONLY_PROG).flags())
        .isEqualTo(BPF_F_MMAPABLE | BPF_F_RDONLY_PROG);
  }

  @Test
  void numaNode_setsItsFlag() {
    MapSpec spec = SPEC.numaNode(1);

    assertThat(spec.numaNode()).isEqualTo(1);
    assertThat(spec.flags()).isEqualTo(BPF_F_NUMA_NODE);
  }

  @Test
  void toString_namesEveryOption() {
    assertThat(SPEC.numaNode(1))
        .hasToString(
            "map server_ids (type 1, key size 4, value size 8, max entries 100, flags 0x4,"
                + " NUMA node 1)");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "server ids", "server-ids", "sérver"})
  void of_illegalName_throws(String name) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MapSpec.hash(name))
        .withMessage("map name \"" + name + "\": use one or more letters, digits, _ or .");
  }

  @ParameterizedTest
  @MethodSource("illegalOptions")
  void options_outOfRange_throw(Runnable option, String message) {
    assertThatIllegalArgumentException().isThrownBy(option::run).withMessage(message);
  }

  static Stream<Arguments> illegalOptions() {
    return Stream.of(
        illegal(() -> SPEC.keySize(-1), "key size -1, must be 0 to 2^31 - 1"),
        illegal(() -> SPEC.valueSize(1L << 31), "value size 2147483648, must be 0 to 2^31 - 1"),
        illegal(() -> SPEC.maxEntries(0), "max entries 0, must be greater than 0"),
        illegal(() -> SPEC.numaNode(-1), "NUMA node -1, must be 0 or more"));
  }

  private static Arguments illegal(Runnable option, String problem) {
    return Arguments.of(option, "map server_ids: " + problem);
  }
}
