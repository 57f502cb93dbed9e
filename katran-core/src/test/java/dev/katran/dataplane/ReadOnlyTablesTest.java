package dev.katran.dataplane;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.bpf.BpfPrograms;
import dev.katran.bpf.generated.Katran;
import dev.katran.bpf.generated.katran_balancer_config;
import dev.katran.bpf.generated.katran_decap_config;
import dev.katran.bpf.generated.katran_ring_line;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfObject;
import dev.katran.needs.NeedsKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** What the programs only read, they may not write. */
@NeedsKernel
class ReadOnlyTablesTest {

  private static final int READ_ONLY = BpfConstants.BPF_F_RDONLY_PROG;

  @Test
  void tablesThatAreLookedUpInAreReadOnlyToTheProgram() {
    try (KernelTables tables = new KernelTables(DataplaneContract.CONFIG)) {
      assertThat(tables.vips().flags() & READ_ONLY).isNotZero();
      assertThat(tables.prefixVips().flags() & READ_ONLY).isNotZero();
      assertReadOnly(tables.serverIds());
      assertReadOnly(tables.down());
      assertReadOnly(tables.tunnelEnds());
      assertThat(tables.counters().flags() & READ_ONLY).isZero();
    }
  }

  private static void assertReadOnly(NumberTable<?> table) {
    assertThat(((KernelNumberTable<?>) table).current().flags() & READ_ONLY).isNotZero();
  }

  @Test
  void destinationsOfTheDecapsulatorAreReadOnlyToIt() {
    try (BpfObject decap = BpfObject.open("katran", BpfPrograms.decap())) {
      assertThat(decap.map("destinations").flags() & READ_ONLY).isNotZero();
      katran_decap_config.only_listed(decap.constants(".rodata.config"), 1);
      decap.load();
    }
  }

  /** They are written through mappings, which the kernel denies for tables with the flag. */
  @Test
  void theVerifierFindsThatRingsAndBackendsAreOnlyRead() {
    try (BpfObject balancer = withAllFeatures();
        BpfMap ring = ring();
        BpfMap rings = BpfMap.createArrayOfMaps("rings", 1, ring)) {
      balancer.map("rings").reuse(rings);
      makeReadOnly(balancer.map("backends"));

      balancer.load();

      assertThat(balancer.map("backends").flags() & READ_ONLY).isNotZero();
    }
  }

  @Test
  void theVerifierFindsWhatIsWritten() {
    try (BpfObject balancer = withAllFeatures()) {
      makeReadOnly(balancer.map("counters"));

      assertThatThrownBy(balancer::load)
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("write into map forbidden");
    }
  }

  @Test
  void constantsAreFrozen() {
    for (byte[] elf : new byte[][] {BpfPrograms.balancer(), BpfPrograms.decap()}) {
      try (BpfObject object = BpfObject.open("katran", elf);
          Arena arena = Arena.ofConfined()) {
        object.load();
        BpfMap constants = object.map(".rodata.config");
        assertThat(constants.flags() & READ_ONLY).isNotZero();
        MemorySegment value = arena.allocate(constants.bufferSize(), Long.BYTES);
        assertThatThrownBy(() -> constants.update(arena.allocate(Integer.BYTES), value))
            .isInstanceOf(BpfException.class)
            .hasMessageContaining("EPERM");
      }
    }
  }

  /** Code of no feature is left out. */
  private static BpfObject withAllFeatures() {
    BpfObject balancer = BpfObject.open("katran", BpfPrograms.balancer());
    MemorySegment config = balancer.constants(".rodata.config");
    katran_balancer_config.features(config, -1);
    katran_balancer_config.vip_flags(config, -1);
    katran_balancer_config.ring_size(config, Katran.KATRAN_SLOTS_PER_LINE());
    katran_balancer_config.ring_lines(config, 1);
    return balancer;
  }

  private static BpfMap ring() {
    return BpfMap.create(
        BpfConstants.BPF_MAP_TYPE_ARRAY,
        "ring",
        Integer.BYTES,
        (int) katran_ring_line.sizeof(),
        2,
        BpfConstants.BPF_F_MMAPABLE | READ_ONLY);
  }

  private static void makeReadOnly(BpfMap map) {
    map.flags(map.flags() | READ_ONLY);
  }
}
