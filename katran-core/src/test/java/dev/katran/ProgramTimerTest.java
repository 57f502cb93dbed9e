package dev.katran;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import dev.katran.ffm.ProgramInfo;
import dev.katran.needs.NeedsKernel;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

class ProgramTimerTest {

  abstract static class Contract {

    final LoadBalancer lb;
    final ProgramTimer timer;

    Contract(LoadBalancer lb) {
      this.lb = lb;
      this.timer = ProgramTimer.of(lb);
    }

    @AfterEach
    void close() {
      lb.close();
    }

    @Test
    void nanos_nativeFrame_isPositive() {
      try (Arena arena = Arena.ofConfined()) {
        assertThat(timer.nanos(arena.allocate(64))).isPositive();
      }
    }

    @Test
    void nanos_arenaClosed_throws() {
      MemorySegment frame;
      try (Arena arena = Arena.ofConfined()) {
        frame = arena.allocate(64);
      }
      assertThatIllegalArgumentException()
          .isThrownBy(() -> timer.nanos(frame))
          .withMessageStartingWith("the frame's arena is closed: ");
    }

    @Test
    void nanos_arenaOfAnotherThread_throws() throws InterruptedException {
      MemorySegment[] frame = new MemorySegment[1];
      Thread other = Thread.ofPlatform().start(() -> frame[0] = leftOpen());
      other.join();
      assertThatIllegalArgumentException()
          .isThrownBy(() -> timer.nanos(frame[0]))
          .withMessageStartingWith("the frame's arena is confined to another thread: ");
    }

    @SuppressWarnings("MustBeClosed") // so that it is the wrong thread, not a closed arena
    private static MemorySegment leftOpen() {
      return Arena.ofConfined().allocate(64);
    }

    @Test
    void nanos_heapFrame_throws() {
      assertThatIllegalArgumentException()
          .isThrownBy(() -> timer.nanos(MemorySegment.ofArray(new byte[64])))
          .withMessageStartingWith("the frame is not in native memory: ");
    }
  }

  @Nested
  class InMemory extends Contract {
    InMemory() {
      super(LoadBalancer.inMemory().open());
    }

    @Test
    void descriptor_inMemory_isEmpty() {
      assertThat(timer.descriptor()).isEmpty();
    }
  }

  @Nested
  @NeedsKernel
  class InKernel extends Contract {
    InKernel() {
      super(LoadBalancer.detached().open());
    }

    @Test
    void descriptor_changeOfFeatures_isThatOfTheNewProgram() {
      ProgramInfo before = ProgramInfo.of(timer.descriptor().orElseThrow());
      lb.put(
          Vip.tcp("203.0.113.10", 443)
              .tracking(Tracking.ALWAYS)
              .backends(Backend.of("10.0.0.11"))
              .build());
      ProgramInfo after = ProgramInfo.of(timer.descriptor().orElseThrow());
      assertThat(before.name()).isEqualTo("balancer");
      assertThat(after.name()).isEqualTo("balancer");
      assertThat(after.id()).isNotEqualTo(before.id());
      assertThat(after.instructions()).isNotEqualTo(before.instructions());
    }
  }
}
