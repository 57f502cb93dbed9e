package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.bpf.BpfPrograms;
import dev.katran.bpf.generated.katran_counter;
import dev.katran.bpf.generated.katran_decap_config;
import dev.katran.bpf.generated.katran_vip_line;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfException;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.MapSpec;
import dev.katran.internal.dataplane.DataplaneContract;
import dev.katran.internal.dataplane.IndexTable;
import dev.katran.needs.NeedsKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Maps that the programs only read are write-protected. */
@NeedsKernel
class ReadOnlyTablesTest {

  private static final int READ_ONLY = BpfConstants.BPF_F_RDONLY_PROG;

  @Test
  void tables_lookedUpOnly_areReadOnlyForTheProgram() {
    try (KernelTables tables = new KernelTables(DataplaneContract.CONFIG)) {
      assertThat(tables.prefixVips().flags() & READ_ONLY).isNotZero();
      assertReadOnly(tables.serverIds());
      assertReadOnly(tables.down());
      assertReadOnly(tables.tunnelEndpoints());
      assertThat(tables.counters().flags() & READ_ONLY).isZero();
    }
  }

  private static void assertReadOnly(IndexTable<?> table) {
    assertThat(((KernelIndexTable<?>) table).current().flags() & READ_ONLY).isNotZero();
  }

  @Test
  void addresses_decapsulator_areReadOnlyForTheProgram() {
    try (BpfObject decap = BpfObject.open("katran", BpfPrograms.decap())) {
      for (String map : List.of("destinations", "sources", "inner_prefixes")) {
        assertThat(decap.map(map).flags() & READ_ONLY).as(map).isNotZero();
      }
      katran_decap_config.only_listed(decap.constants(".rodata.config"), 1);
      decap.load();
    }
  }

  /**
   * VIPs, rings, deadlines and backends do not carry the flag in production: Java writes them
   * through mmap, which the kernel refuses for maps with BPF_F_RDONLY_PROG.
   */
  @ParameterizedTest
  @MethodSource("uses")
  void load_readOnlyVipsRingsAndBackends_verifies(VerificationTest.Use use) {
    MapGeometry geometry = new MapGeometry(use.config());
    try (BpfObject balancer = configuredFor(use, geometry);
        BpfMap vipTable = array("vips", geometry.allVipLines() * katran_vip_line.sizeof());
        BpfMap vips = BpfMap.create(MapSpec.arrayOfMaps("vips", 1, vipTable));
        BpfMap chunk = BpfMap.create(readOnly(RingMemory.chunk()));
        BpfMap chunks = BpfMap.create(MapSpec.arrayOfMaps("ring_chunks", 1, chunk));
        BpfMap counters = counters(geometry, 0)) {
      balancer.map("vips").reuse(vips);
      balancer.map("ring_chunks").reuse(chunks);
      makeReadOnly(balancer.map("vip_rings"));
      makeReadOnly(balancer.map("change_deadlines"));
      balancer.map("counters").reuse(counters);
      makeReadOnly(balancer.map("backends"));

      balancer.load();

      assertThat(balancer.map("vip_rings").flags() & READ_ONLY).isNotZero();
      assertThat(balancer.map("backends").flags() & READ_ONLY).isNotZero();
    }
  }

  @Test
  void load_readOnlyCounters_isRejected() {
    VerificationTest.Use use = VerificationTest.NO_FEATURE;
    MapGeometry geometry = new MapGeometry(use.config());
    try (BpfObject balancer = configuredFor(use, geometry);
        BpfMap vipTable = array("vips", geometry.allVipLines() * katran_vip_line.sizeof());
        BpfMap vips = BpfMap.create(MapSpec.arrayOfMaps("vips", 1, vipTable));
        BpfMap counters = counters(geometry, READ_ONLY)) {
      balancer.map("vips").reuse(vips);
      balancer.map("counters").reuse(counters);

      assertThatThrownBy(balancer::load)
          .isInstanceOf(BpfException.class)
          .hasMessageContaining("write into map forbidden");
    }
  }

  @Test
  void load_constants_areFrozen() {
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

  static Stream<VerificationTest.Use> uses() {
    return VerificationTest.uses();
  }

  private static BpfObject configuredFor(VerificationTest.Use use, MapGeometry geometry) {
    BpfObject balancer = BpfObject.open("katran", BpfPrograms.balancer());
    KernelProgram.configure(
        balancer.constants(".rodata.config"), use.config(), use.features(), geometry);
    return balancer;
  }

  private static BpfMap counters(MapGeometry geometry, int flags) {
    return BpfMap.create(
        MapSpec.array("counters")
            .valueSize(geometry.countersPerCpu() * katran_counter.sizeof())
            .maxEntries(BpfMap.possibleCpus())
            .flags(flags));
  }

  private static BpfMap array(String name, long valueSize) {
    return BpfMap.create(MapSpec.array(name).valueSize(valueSize).maxEntries(1).flags(READ_ONLY));
  }

  private static MapSpec readOnly(MapSpec spec) {
    return spec.flags(spec.flags() | READ_ONLY);
  }

  private static void makeReadOnly(BpfMap map) {
    map.flags(map.flags() | READ_ONLY);
  }
}
