package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Limits;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.function.ObjIntConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Packets of changing and settled slots: which backend they go to, and whether the flow table gets
 * an entry.
 */
public abstract class ChangeContract extends DataplaneContract {

  private static final int CURRENT = 1;
  private static final int PREVIOUS = 2;
  private static final int THIRD = 3;
  private static final int FLOWS = 4096;
  private static final int SYN = 0x02;
  private static final int RST = 0x04;
  private static final int ACK = 0x10;

  private RingSlots changing;
  private RingSlots settled;

  @Override
  DataplaneConfig config() {
    Limits limits = CONFIG.limits().flowTableSize(FLOWS);
    return DataplaneConfig.of(limits);
  }

  @BeforeEach
  void serve() {
    dataplane.program().use(new Features(0, false, false, true));
    for (int number : new int[] {CURRENT, PREVIOUS, THIRD}) {
      dataplane.backends().put(number, new BackendEntry(address("10.0.0." + number), HOP));
    }
    changing = ring((builder, slot) -> builder.changing(slot, CURRENT, PREVIOUS));
    settled = ring((builder, slot) -> builder.settled(slot, CURRENT));
    dataplane.rings().put(0, changing);
    dataplane.vips().put(tcp(VIP4, 443), new VipEntry(0, NO_FLAGS));
    dataplane.vips().put(udp(VIP4, 443), new VipEntry(0, NO_FLAGS));
  }

  private static RingSlots ring(ObjIntConsumer<RingSlots.Builder> set) {
    RingSlots.Builder builder = RingSlots.stable(new int[CONFIG.limits().ringSize()]).toBuilder();
    for (int slot = 0; slot < CONFIG.limits().ringSize(); slot++) {
      set.accept(builder, slot);
    }
    return builder.build();
  }

  private static byte[] tcp(int port, int flags) {
    byte[] frame = Packet.tcp(CLIENT4, port, VIP4, 443).frame();
    frame[14 + 20 + 13] = (byte) flags;
    return frame;
  }

  private static byte[] udp(int port) {
    return Packet.udp(CLIENT4, port, VIP4, 443).frame();
  }

  private void assertForwardedTo(byte[] frame, int backend) {
    InetAddress expected = address("10.0.0." + backend);
    assertThat(forwarded(frame).destination()).isEqualTo(expected);
  }

  private int entries() {
    int[] count = {0};
    dataplane.flows().forEach(entry -> count[0]++);
    return count[0];
  }

  @Test
  void changing_newConnection_goesToCurrentAndStays() {
    assertForwardedTo(tcp(1000, SYN), CURRENT);
    assertForwardedTo(tcp(1000, ACK), CURRENT);
    assertForwardedTo(tcp(1000, SYN), CURRENT);
    assertThat(entries()).isEqualTo(1);
    dataplane.rings().put(0, ring((builder, slot) -> builder.changing(slot, THIRD, PREVIOUS)));
    assertForwardedTo(tcp(1000, ACK), CURRENT);
    assertForwardedTo(tcp(1000, SYN), THIRD); // begins anew
    assertForwardedTo(tcp(1000, ACK), THIRD);
    assertThat(entries()).isEqualTo(1);
  }

  @Test
  void changing_openFlow_staysAtPrevious() {
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    assertForwardedTo(udp(1000), PREVIOUS);
    assertThat(entries()).isEqualTo(2);
    dataplane.rings().mark(0, settled);
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    assertForwardedTo(udp(1000), PREVIOUS);
    assertThat(dataplane.counters().read(Counter.Total.FLOW_LOOKUPS).packets()).isEqualTo(4);
    assertThat(dataplane.counters().read(Counter.Total.FLOW_MISSES).packets()).isEqualTo(2);
  }

  @Test
  void changing_resetAndIcmpError_areLookedUpButNotInserted() {
    byte[] error =
        Packet.icmp("192.0.2.1", VIP4, 3, 4)
            .payload(Packet.tcp(VIP4, 443, CLIENT4, 1000).ip())
            .frame();
    assertForwardedTo(tcp(1000, RST), PREVIOUS);
    assertForwardedTo(error, PREVIOUS);
    assertThat(entries()).isZero();
    assertForwardedTo(tcp(1000, SYN), CURRENT);
    assertForwardedTo(tcp(1000, RST), CURRENT);
    assertForwardedTo(error, CURRENT);
  }

  @Test
  void settled_unknownFlow_goesToCurrentWithoutEntry() {
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    dataplane.rings().mark(0, settled);
    assertForwardedTo(tcp(1001, ACK), CURRENT);
    assertForwardedTo(tcp(1002, SYN), CURRENT);
    assertForwardedTo(udp(1003), CURRENT);
    assertThat(entries()).isEqualTo(1);
  }

  @Test
  void stable_knownFlow_skipsFlowTable() {
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    long lookups = dataplane.counters().read(Counter.Total.FLOW_LOOKUPS).packets();
    dataplane.rings().mark(0, settled);
    dataplane.rings().mark(0, ring((builder, slot) -> builder.stable(slot, CURRENT)));
    assertForwardedTo(tcp(1000, ACK), CURRENT);
    assertThat(dataplane.counters().read(Counter.Total.FLOW_LOOKUPS).packets()).isEqualTo(lookups);
  }

  @Test
  void ring_changingAndStableSlots_areIndependent() {
    RingSlots mixed =
        ring((builder, slot) -> {
          if (slot % 2 == 0) {
            builder.changing(slot, CURRENT, PREVIOUS);
          } else {
            builder.stable(slot, THIRD);
          }
        });
    dataplane.rings().put(0, mixed);
    int previous = 0;
    for (int port = 1000; port < 1100; port++) {
      InetAddress backend = forwarded(tcp(port, ACK)).destination();
      assertThat(backend).isIn(address("10.0.0." + PREVIOUS), address("10.0.0." + THIRD));
      if (backend.equals(address("10.0.0." + PREVIOUS))) {
        previous++;
      }
    }
    assertThat(previous).isBetween(20, 80);
    assertThat(entries()).isEqualTo(previous);
  }

  @Test
  void changing_entryOfRemovedBackend_isReplaced() {
    assertForwardedTo(tcp(1000, SYN), CURRENT);
    dataplane.backends().remove(CURRENT);
    dataplane.rings().put(0, ring((builder, slot) -> builder.changing(slot, THIRD, PREVIOUS)));
    assertForwardedTo(tcp(1000, SYN), THIRD);
  }

  @Test
  void changing_noCurrentBackend_dropsNewFlowsAndKeepsOpenOnes() {
    dataplane
        .rings()
        .put(0, ring((builder, slot) -> builder.changing(slot, Dataplane.NO_BACKEND, PREVIOUS)));
    assertDrops(tcp(1000, SYN));
    assertForwardedTo(tcp(1001, ACK), PREVIOUS);
    assertThat(dataplane.counters().read(Counter.Total.RING_EMPTY).packets()).isEqualTo(1);
    assertThat(entries()).isEqualTo(1);
  }

  @Test
  void changing_synFlood_leavesTheFlowsThatHaveAnswered() {
    for (int port = 0; port < 100; port++) {
      assertForwardedTo(tcp(1000 + port, SYN), CURRENT);
      assertForwardedTo(tcp(1000 + port, ACK), CURRENT);
    }
    flood();
    for (int port = 0; port < 100; port++) {
      assertForwardedTo(tcp(1000 + port, ACK), CURRENT);
    }
  }

  private void flood() {
    for (int port = 2000; port < 2000 + 4 * FLOWS; port++) {
      dataplane.program().run(tcp(port, SYN));
    }
  }

  @Test
  @Tag("unemulated") // the flood must take less than a second
  void changing_noPlaceInTheTable_beginsAtPreviousAndIsCounted() {
    flood();
    assertThat(entries()).isBetween(FLOWS * 9 / 10, FLOWS);
    assertThat(dataplane.counters().read(Counter.Total.CHANGES_LIMITED).packets())
        .isGreaterThanOrEqualTo(3 * FLOWS);
    int before = entries();
    Map<InetAddress, Integer> goals = new HashMap<>();
    for (int port = 60_000; port < 60_500; port++) {
      InetAddress goal = forwarded(tcp(port, SYN)).destination();
      goals.merge(goal, 1, Integer::sum);
      assertThat(forwarded(tcp(port, ACK)).destination()).isEqualTo(goal);
    }
    // no handshake is broken: what has no entry begins where its next packet will go
    assertThat(goals.get(address("10.0.0." + PREVIOUS))).isGreaterThan(400);
    assertThat(entries() - before).isEqualTo(goals.getOrDefault(address("10.0.0." + CURRENT), 0));
  }

  @Test
  void changing_floodIsOver_itsEntriesMakeRoom() throws InterruptedException {
    flood();
    Thread.sleep(2200); // the kernel's clock cannot be set
    for (int port = 60_000; port < 60_500; port++) {
      assertForwardedTo(tcp(port, SYN), CURRENT);
      assertForwardedTo(tcp(port, ACK), CURRENT);
    }
  }

  @Test
  void settled_idleFlow_isForgotten() throws InterruptedException {
    dataplane.vips().put(tcp(VIP4, 443), new VipEntry(0, NO_FLAGS, /* idle= */ 1));
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    dataplane.rings().mark(0, settled);
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    Thread.sleep(3300); // the kernel's clock cannot be set, and ages are rounded
    assertForwardedTo(tcp(1000, ACK), CURRENT);
  }

  @Test
  void deadline_passed_changingSlotsAreLikeSettledOnes() {
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    assertForwardedTo(udp(1000), PREVIOUS);
    dataplane.deadlines().put(0, Duration.ofMinutes(-1));
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    assertForwardedTo(udp(1000), PREVIOUS);
    assertForwardedTo(tcp(1001, ACK), CURRENT);
    assertForwardedTo(tcp(1002, SYN), CURRENT);
    assertForwardedTo(tcp(1002, ACK), CURRENT);
    assertForwardedTo(tcp(1003, RST), CURRENT);
    assertForwardedTo(udp(1004), CURRENT);
    assertThat(entries()).isEqualTo(2);
    assertForwardedTo(tcp(1000, SYN), CURRENT); // begins anew
    assertForwardedTo(tcp(1000, ACK), CURRENT);
    assertThat(entries()).isEqualTo(2);
  }

  @Test
  void deadline_notReached_changesNothing() {
    dataplane.deadlines().put(0, Duration.ofHours(1));
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    assertForwardedTo(tcp(1001, SYN), CURRENT);
    assertThat(entries()).isEqualTo(2);
  }

  @Test
  void deadline_ofAnotherVip_changesNothing() {
    dataplane.deadlines().put(1, Duration.ofMinutes(-1));
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    assertThat(entries()).isEqualTo(1);
  }

  @Test
  void deadline_reached_endsTheChange() throws InterruptedException {
    dataplane.deadlines().put(0, Duration.ofMillis(300));
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    Thread.sleep(400); // the kernel's clock cannot be set, and is a timer tick behind
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    assertForwardedTo(tcp(1001, ACK), CURRENT);
    assertThat(entries()).isEqualTo(1);
  }

  @Test
  void deadline_movedOrRemoved_slotsAreChangingAgain() {
    dataplane.deadlines().put(0, Duration.ofMinutes(-1));
    assertForwardedTo(tcp(1000, ACK), CURRENT);
    dataplane.deadlines().put(0, Duration.ofHours(1));
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    dataplane.deadlines().put(0, Duration.ofMinutes(-1));
    assertForwardedTo(tcp(1001, ACK), CURRENT);
    dataplane.deadlines().remove(0);
    assertForwardedTo(tcp(1001, ACK), PREVIOUS);
  }

  @Test
  void changing_featureOff_everyFlowGoesToCurrent() {
    assertForwardedTo(tcp(1000, ACK), PREVIOUS);
    dataplane.program().use(Features.NONE);
    assertForwardedTo(tcp(1000, ACK), CURRENT);
    assertThat(entries()).isZero();
  }
}
