package dev.katran.internal.dataplane.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.katran.bpf.generated.Katran;
import dev.katran.ffm.BpfMap;
import dev.katran.ffm.MapSpec;
import dev.katran.internal.failure.Failure;
import dev.katran.needs.NeedsKernel;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@NeedsKernel
class RingMemoryTest {

  private static final int CHUNK = Katran.KATRAN_RING_CHUNK();
  private static final int MAX_CHUNKS = 40;

  private final BpfMap chunks = createChunks();
  private final Semaphore packetsDone = new Semaphore(Integer.MAX_VALUE / 2);
  private final AtomicInteger waits = new AtomicInteger();
  private final RingMemory memory = new RingMemory(chunks, MapPins.NONE, this::awaitPackets);

  private static BpfMap createChunks() {
    try (BpfMap template = BpfMap.create(RingMemory.chunk())) {
      return BpfMap.create(MapSpec.arrayOfMaps("ring_chunks", MAX_CHUNKS, template));
    }
  }

  private void awaitPackets() {
    waits.incrementAndGet();
    packetsDone.acquireUninterruptibly();
  }

  @AfterEach
  void close() {
    packetsDone.release(1000);
    memory.close();
    chunks.close();
  }

  private void reclaim() {
    memory.reclaimLater();
    memory.awaitReclaimed();
  }

  @Test
  void allocate_manyRings_doNotOverlap() {
    List<RingMemory.Region> regions = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      RingMemory.Region region = memory.allocate(1000 + i % 7 * 50_000);
      regions.add(region);
      region.parts().getFirst().fill((byte) i);
      if (i % 3 == 0) {
        memory.free(regions.remove(i * 31 % regions.size()));
      }
      if (i % 50 == 0) {
        reclaim();
      }
    }
    reclaim();
    long used = 0;
    for (RingMemory.Region region : regions) {
      MemorySegment part = region.parts().getFirst();
      byte expected = part.get(ValueLayout.JAVA_BYTE, 0);
      byte[] bytes = part.toArray(ValueLayout.JAVA_BYTE);
      for (byte each : bytes) {
        if (each != expected) {
          throw new AssertionError("overwritten by another ring: " + region);
        }
      }
      used += bytes.length;
      assertThat(region.line() * 64)
          .isEqualTo((long) region.firstChunk() * CHUNK + region.offset());
    }
    assertThat(memory.usedMemory()).isEqualTo(used);
  }

  @Test
  void free_packetsInFlight_memoryIsNotUsedAgainBeforeTheyAreDone() {
    packetsDone.drainPermits();
    RingMemory.Region first = memory.allocate(1000);
    memory.free(first);
    memory.reclaimLater();

    assertThat(memory.allocate(1000).line()).isNotEqualTo(first.line());
    packetsDone.release();
    memory.awaitReclaimed();
    assertThat(memory.allocate(1000).line()).isEqualTo(first.line());
    assertThat(waits).hasValue(1);
  }

  @Test
  void free_waitFails_memoryIsKeptForTheNextWait() {
    AtomicInteger failures = new AtomicInteger();
    try (RingMemory failing =
        new RingMemory(
            chunks,
            MapPins.NONE,
            () -> {
              if (failures.getAndIncrement() == 0) {
                throw new Failure(Failure.Kind.EXHAUSTED, "no memory");
              }
            })) {
      RingMemory.Region first = failing.allocate(1000);
      failing.free(first);
      failing.reclaimLater();
      failing.awaitReclaimed();
      assertThat(failing.usedMemory()).isPositive();

      failing.reclaimLater();
      failing.awaitReclaimed();
      assertThat(failing.usedMemory()).isZero();
    }
  }

  @Test
  void allocate_muchWasFreed_waitsInsteadOfTakingMore() {
    for (int i = 0; i < 100; i++) {
      memory.free(memory.allocate(CHUNK / 4));
    }
    assertThat(memory.kernelMemory()).isBetween((long) CHUNK, 2L * CHUNK);
    assertThat(waits.get()).isBetween(1, 30);
  }

  @Test
  void allocate_everyChunkFull_waitsForWhatWasFreed_elseFails() {
    List<RingMemory.Region> regions = new ArrayList<>();
    for (int i = 0; i < MAX_CHUNKS; i++) {
      regions.add(memory.allocate(CHUNK));
    }
    assertThatThrownBy(() -> memory.allocate(1))
        .isInstanceOf(Failure.class)
        .hasMessageContaining("Limits.vips");
    memory.free(regions.getLast());
    assertThat(memory.allocate(1).line()).isEqualTo(regions.getLast().line());
  }

  @Test
  void allocate_largerThanAChunk_takesConsecutiveChunks() {
    RingMemory.Region small = memory.allocate(64);
    RingMemory.Region large = memory.allocate(2L * CHUNK + 1);
    assertThat(large.parts()).hasSize(3);
    assertThat(large.offset()).isZero();
    assertThat(large.firstChunk()).isGreaterThan(small.firstChunk());
    assertThat(memory.usedMemory()).isEqualTo(64 + 3L * CHUNK);

    memory.free(large);
    reclaim();
    assertThat(memory.allocate(2L * CHUNK + 1).firstChunk()).isEqualTo(large.firstChunk());
  }

  @Test
  void reclaim_unusedChunks_areRemovedButForAFew() {
    List<RingMemory.Region> regions = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      regions.add(memory.allocate(CHUNK));
    }
    regions.subList(8, 16).forEach(memory::free);
    reclaim();
    assertThat(memory.kernelMemory()).isBetween(9L * CHUNK, 10L * CHUNK);
    regions.subList(0, 8).forEach(memory::free);
    reclaim();
    assertThat(memory.kernelMemory()).isBetween((long) CHUNK, 2L * CHUNK - 1);
    assertThat(memory.allocate(CHUNK).firstChunk()).isZero();
  }

  /** While a chunk is being removed, its number is not free, and there may be no other. */
  @Test
  void free_theOnlyRing_itsChunkIsKept() {
    memory.free(memory.allocate(1000));
    reclaim();
    assertThat(memory.kernelMemory()).isPositive();
    assertThat(chunks.innerId(0)).isPositive();
  }
}
