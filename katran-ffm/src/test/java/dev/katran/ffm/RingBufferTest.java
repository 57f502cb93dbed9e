package dev.katran.ffm;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@KernelTest
class RingBufferTest {

  private final BpfObject lab = Lab.load();
  private final BpfMap map = lab.map("events");
  private final BpfProgram report = lab.program("report");
  private final List<Integer> lengths = new ArrayList<>();

  @AfterEach
  void close() {
    lab.close();
  }

  @Test
  void poll_pendingEvents_passesThemToTheConsumer() {
    try (RingBuffer ring = RingBuffer.open(map, this::accept)) {
      Lab.run(report);
      Lab.run(report);
      assertThat(lengths).isEmpty();

      assertThat(ring.poll(Duration.ofSeconds(5))).isEqualTo(2);

      assertThat(lengths).containsExactly(Lab.FRAME_LENGTH, Lab.FRAME_LENGTH);
    }
  }

  @Test
  void poll_anyDuration_isAccepted() {
    try (RingBuffer ring = RingBuffer.open(map, this::accept)) {
      assertThat(ring.poll(Duration.ofSeconds(Long.MIN_VALUE))).isZero();
      Lab.run(report);

      assertThat(ring.poll(Duration.ofSeconds(Long.MAX_VALUE, 999_999_999))).isEqualTo(1);
    }
  }

  @Test
  void poll_noEvents_returnsZero() {
    try (RingBuffer ring = RingBuffer.open(map, this::accept)) {
      assertThat(ring.poll(Duration.ofMillis(1))).isZero();
      assertThat(ring.poll(Duration.ZERO)).isZero();
    }
  }

  @Test
  void consume_pendingEvent_returnsOne() {
    try (RingBuffer ring = RingBuffer.open(map, this::accept)) {
      assertThat(ring.consume()).isZero();
      Lab.run(report);

      assertThat(ring.consume()).isEqualTo(1);
      assertThat(ring.consume()).isZero();
      assertThat(ring.epollFd()).isNotNegative();
    }
  }

  @Test
  void event_afterThePoll_isInvalid() {
    AtomicReference<MemorySegment> kept = new AtomicReference<>();
    try (RingBuffer ring = RingBuffer.open(map, kept::set)) {
      Lab.run(report);
      ring.consume();

      assertThat(kept.get().byteSize()).isEqualTo(8);
      assertThat(kept.get().isReadOnly()).isTrue();
      assertThatIllegalStateException().isThrownBy(() -> kept.get().get(JAVA_INT, 0));
    }
  }

  @Test
  void poll_consumerThrows_rethrows() {
    try (RingBuffer ring =
        RingBuffer.open(
            map,
            event -> {
              accept(event);
              throw new UnsupportedOperationException("no events, please");
            })) {
      Lab.run(report);
      Lab.run(report);

      assertThatThrownBy(() -> ring.poll(Duration.ofSeconds(5)))
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessage("no events, please");
      assertThat(lengths).hasSize(1);
      assertThatThrownBy(ring::consume).isInstanceOf(UnsupportedOperationException.class);
      assertThat(lengths).hasSize(2);
      assertThat(ring.consume()).isZero();
    }
  }

  @Test
  void consume_consumerClosesRingBuffer_throws() {
    AtomicReference<RingBuffer> self = new AtomicReference<>();
    try (RingBuffer ring = RingBuffer.open(map, event -> self.get().close())) {
      self.set(ring);
      Lab.run(report);

      assertThatIllegalStateException()
          .isThrownBy(ring::consume)
          .withMessage("the consumer of ring buffer events must not call it");
    }
  }

  @Test
  void open_otherMapType_throwsEinval() {
    assertThatThrownBy(() -> RingBuffer.open(lab.map("table"), this::accept))
        .hasMessageStartingWith("open ring buffer table: EINVAL (Invalid argument)\n")
        .hasMessageContaining("is not BPF_MAP_TYPE_RINGBUF");
  }

  @Test
  void anyCall_closedRingBuffer_throws() {
    RingBuffer ring = RingBuffer.open(map, this::accept);
    ring.close();

    assertThatCode(ring::close).doesNotThrowAnyException();
    assertThatIllegalStateException()
        .isThrownBy(ring::consume)
        .withMessage("ring buffer events is closed");
    assertThatIllegalStateException().isThrownBy(() -> ring.poll(Duration.ZERO));
    assertThatIllegalStateException().isThrownBy(ring::epollFd);
  }

  private void accept(MemorySegment event) {
    assertThat(event.get(JAVA_INT, 0)).isEqualTo(4711);
    lengths.add(event.get(JAVA_INT, 4));
  }
}
