package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Flow;
import dev.katran.Limits;
import dev.katran.Ring;
import dev.katran.RingAlgorithm;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Rings of backends with any numbers. A dataplane may store a ring in less memory if their numbers
 * are close to each other, so the numbers are at the edges of one, two and 15/8 bytes.
 */
public abstract class RingContract extends DataplaneContract {

  private static final int FLOWS = 40;
  private static final int ACK = 0x10;
  private static final int SYN = 0x02;
  private static final int TCP_FLAGS = 14 + 20 + 13;

  @Override
  DataplaneConfig config() {
    return config(CONFIG.limits().ringSize());
  }

  private static DataplaneConfig config(int ringSize) {
    return DataplaneConfig.of(
        CONFIG.limits().backends(65535).ringSize(ringSize).flowTableSize(4096));
  }

  private static void serve(Dataplane dataplane, RingSlots ring, int... backends) {
    for (int backend : backends) {
      dataplane.backends().put(backend, new BackendEntry(addressOf(backend), HOP));
    }
    dataplane.rings().put(0, ring);
    dataplane.vips().put(tcp(VIP4, 443), new VipEntry(0, NO_FLAGS));
  }

  private static InetAddress addressOf(int backend) {
    return address("10.%d.%d.%d".formatted(backend >> 16, backend >> 8 & 255, backend & 255));
  }

  private static RingSlots empty(int size) {
    return RingSlots.stable(new int[size]);
  }

  private static int slot(Limits limits, int port) {
    return Ring.of(limits, RingAlgorithm.MAGLEV_V2, List.of())
        .slot(Flow.tcp(CLIENT4, port, VIP4, 443));
  }

  /** Returns which of three kinds of slots a flow has. */
  private int kind(int port) {
    return slot(config().limits(), port) % 3;
  }

  private static byte[] frame(int port, int flags) {
    byte[] frame = Packet.tcp(CLIENT4, port, VIP4, 443).frame();
    frame[TCP_FLAGS] = (byte) flags;
    return frame;
  }

  private void assertForwardedTo(int port, int flags, int backend) {
    assertThat(forwarded(frame(port, flags)).destination()).isEqualTo(addressOf(backend));
  }

  @ParameterizedTest
  @CsvSource({
    "1, 1",
    "1, 255",
    "1, 256",
    "7, 261",
    "7, 262",
    "7, 263",
    "1, 65535",
    "1, 65536",
    "9, 65543",
    "9, 65544",
    "9, 65545",
    "60000, 131070",
    "131070, 131070"
  })
  void stable_numbersOfAnyDistance_leadToTheirBackends(int low, int high) {
    RingSlots.Builder ring = empty(config().limits().ringSize()).toBuilder();
    for (int slot = 0; slot < config().limits().ringSize(); slot++) {
      ring.stable(slot, new int[] {Dataplane.NO_BACKEND, low, high}[slot % 3]);
    }
    serve(dataplane, ring.build(), low, high);
    TreeSet<Integer> met = new TreeSet<>();
    for (int port = 1000; port < 1000 + FLOWS; port++) {
      int kind = kind(port);
      met.add(kind);
      if (kind == 0) {
        assertDrops(frame(port, ACK));
      } else {
        assertForwardedTo(port, ACK, kind == 1 ? low : high);
      }
    }
    assertThat(met).hasSize(3);
  }

  @ParameterizedTest
  @CsvSource({
    "1, 2",
    "2, 1",
    "1, 32767",
    "32767, 1",
    "1, 32768",
    "5, 32771",
    "5, 32772",
    "32773, 5",
    "131070, 1",
    "1, 131070"
  })
  void changing_numbersOfAnyDistance_leadToTheirBackends(int current, int previous) {
    dataplane.program().use(new Features(0, false, false, true));
    int size = config().limits().ringSize();
    RingSlots.Builder ring = empty(size).toBuilder();
    RingSlots.Builder later = empty(size).toBuilder();
    for (int slot = 0; slot < size; slot++) {
      switch (slot % 3) {
        case 0 -> ring.changing(slot, current, previous);
        case 1 -> ring.settled(slot, current);
        default -> ring.stable(slot, previous);
      }
      later.stable(slot, slot % 3 == 2 ? previous : current);
      if (slot % 3 == 0) {
        later.settled(slot, current);
      }
    }
    serve(dataplane, ring.build(), current, previous);
    for (int port = 1000; port < 1000 + FLOWS; port++) {
      assertForwardedTo(port, ACK, kind(port) == 1 ? current : previous);
      int beginning = port + FLOWS;
      assertForwardedTo(beginning, SYN, kind(beginning) == 2 ? previous : current);
    }
    dataplane.rings().mark(0, later.build());
    for (int port = 1000; port < 1000 + FLOWS; port++) {
      assertForwardedTo(port, ACK, kind(port) == 1 ? current : previous); // known
      int unknown = port + 2 * FLOWS;
      assertForwardedTo(unknown, ACK, kind(unknown) == 2 ? previous : current);
    }
  }

  /** How many slots are alike selects their bytes. */
  @ParameterizedTest
  @ValueSource(ints = {2, 200, 300, 40_000, 60_000, 65_537})
  void changing_slotsOfManyContents_leadToTheirBackends(int contents) {
    dataplane.program().use(new Features(0, false, false, true));
    Limits limits = config().limits();
    RingSlots.Builder ring = empty(limits.ringSize()).toBuilder();
    for (int slot = 0; slot < limits.ringSize(); slot++) {
      ring.changing(slot, 1 + slot % contents % 300, 1001 + slot % contents / 300);
    }
    RingSlots put = ring.build();
    int[] backends = IntStream.rangeClosed(1, 2000).toArray();
    serve(dataplane, put, backends);
    for (int port = 1000; port < 1000 + FLOWS; port++) {
      assertForwardedTo(port, ACK, put.previous(slot(limits, port)));
      assertForwardedTo(port + FLOWS, SYN, put.backend(slot(limits, port + FLOWS)));
    }
    RingSlots.Unstable later = put.withUnstable();
    for (int slot = 0; slot < limits.ringSize(); slot++) {
      if (slot % 2 == 0) {
        later.changing(slot, put.backend(slot), put.previous(slot));
      } else {
        later.settled(slot, put.backend(slot));
      }
    }
    dataplane.rings().mark(0, later.build());
    for (int port = 1000 + 2 * FLOWS; port < 1000 + 3 * FLOWS; port++) {
      int slot = slot(limits, port);
      assertForwardedTo(port, ACK, slot % 2 == 0 ? put.previous(slot) : put.backend(slot));
    }
  }

  /** With the numbers in two bytes this ring takes 2 MiB, in four 4 MiB and in eight 8 MiB. */
  @ParameterizedTest
  @CsvSource({"1, 2", "1, 300", "1, 70000"})
  void stable_largeRing_leadsToItsBackends(int low, int high, DataplaneOpener opener) {
    Limits limits = config(1_048_583).limits();
    try (Dataplane large = opener.open(config(1_048_583))) {
      int[] slots = new int[limits.ringSize()];
      for (int slot = 0; slot < slots.length; slot++) {
        slots[slot] = slot < slots.length / 2 ? low : high;
      }
      serve(large, RingSlots.stable(slots), low, high);
      dataplane.close();
      dataplane = large;
      for (int port = 1000; port < 1000 + FLOWS; port++) {
        assertForwardedTo(port, ACK, slots[slot(limits, port)]);
      }
    }
  }

  @Test
  void changing_largeRing_leadsToItsBackends(DataplaneOpener opener) {
    Limits limits = config(1_048_583).limits();
    try (Dataplane large = opener.open(config(1_048_583))) {
      large.program().use(new Features(0, false, false, true));
      RingSlots.Builder ring = empty(limits.ringSize()).toBuilder();
      for (int slot = 0; slot < limits.ringSize(); slot++) {
        ring.changing(slot, slot % 2 + 1, slot % 2 == 0 ? 2 : 131070);
      }
      serve(large, ring.build(), 1, 2, 131070);
      dataplane.close();
      dataplane = large;
      for (int port = 1000; port < 1000 + FLOWS; port++) {
        assertForwardedTo(port, ACK, slot(limits, port) % 2 == 0 ? 2 : 131070);
        assertForwardedTo(port + FLOWS, SYN, slot(limits, port + FLOWS) % 2 + 1);
      }
    }
  }

  @Test
  void remove_ring_dropsItsPackets() {
    serve(dataplane, RingSlots.stable(ofOne(1)), 1);
    assertForwardedTo(1000, ACK, 1);
    dataplane.rings().remove(0);
    assertDrops(frame(1000, ACK));
    dataplane.rings().put(0, ofOne(1));
    assertForwardedTo(1000, ACK, 1);
  }

  private static int[] ofOne(int backend) {
    int[] slots = new int[CONFIG.limits().ringSize()];
    Arrays.fill(slots, backend);
    return slots;
  }
}
