package dev.katran.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Limits;
import dev.katran.needs.PinnedThread;
import dev.katran.packets.Packet;
import java.net.InetAddress;
import java.util.function.ObjIntConsumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where packets go whose slot has changed: the table of the design, line by line. */
abstract class ChangeContract extends DataplaneContract {

  private static final int CURRENT = 1;
  private static final int PREVIOUS = 2;
  private static final int THIRD = 3;
  private static final int SYN = 0x02;
  private static final int RST = 0x04;
  private static final int ACK = 0x10;

  private RingSlots changing;
  private RingSlots settled;

  @Override
  DataplaneConfig config() {
    Limits limits = CONFIG.limits().flows(4096);
    return DataplaneConfig.of(limits);
  }

  @BeforeEach
  void serve() {
    dataplane.use(new Features(0, false, false, true));
    for (int number : new int[] {CURRENT, PREVIOUS, THIRD}) {
      dataplane.putBackend(number, new BackendEntry(address("10.0.0." + number), HOP));
    }
    changing = ring((builder, slot) -> builder.changing(slot, CURRENT, PREVIOUS));
    settled = ring((builder, slot) -> builder.settled(slot, CURRENT));
    dataplane.putRing(0, changing);
    dataplane.putVip(tcp(VIP4, 443), new VipEntry(0, NO_FLAGS));
    dataplane.putVip(udp(VIP4, 443), new VipEntry(0, NO_FLAGS));
  }

  private static RingSlots ring(ObjIntConsumer<RingSlots.Builder> set) {
    RingSlots.Builder builder = RingSlots.stable(new int[CONFIG.ringSize()]).toBuilder();
    for (int slot = 0; slot < CONFIG.ringSize(); slot++) {
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

  private void assertGoes(byte[] frame, int backend) {
    InetAddress expected = address("10.0.0." + backend);
    assertThat(forwarded(frame).destination()).isEqualTo(expected);
  }

  private int entries() {
    int[] count = {0};
    dataplane.flows().forEach(entry -> count[0]++);
    return count[0];
  }

  @Test
  void aNewConnectionGoesToTheCurrentBackendAndStays() {
    assertGoes(tcp(1000, SYN), CURRENT);
    assertGoes(tcp(1000, ACK), CURRENT);
    assertGoes(tcp(1000, SYN), CURRENT);
    assertThat(entries()).isEqualTo(1);
    dataplane.putRing(0, ring((builder, slot) -> builder.changing(slot, THIRD, PREVIOUS)));
    assertGoes(tcp(1000, ACK), CURRENT);
    assertGoes(tcp(1000, SYN), CURRENT); // one that was sent again
  }

  @Test
  void anOpenConnectionStaysAtThePreviousBackend() {
    assertGoes(tcp(1000, ACK), PREVIOUS);
    assertGoes(udp(1000), PREVIOUS);
    assertThat(entries()).isEqualTo(2);
    dataplane.markRing(0, settled);
    assertGoes(tcp(1000, ACK), PREVIOUS);
    assertGoes(udp(1000), PREVIOUS);
    assertThat(dataplane.count(Counter.Total.FLOW_LOOKUPS).packets()).isEqualTo(4);
    assertThat(dataplane.count(Counter.Total.FLOW_MISSES).packets()).isEqualTo(2);
  }

  @Test
  void aResetAndAnErrorAreLookedUpButNotEntered() {
    byte[] error =
        Packet.icmp("192.0.2.1", VIP4, 3, 4)
            .payload(Packet.tcp(VIP4, 443, CLIENT4, 1000).ip())
            .frame();
    assertGoes(tcp(1000, RST), PREVIOUS);
    assertGoes(error, PREVIOUS);
    assertThat(entries()).isZero();
    assertGoes(tcp(1000, SYN), CURRENT);
    assertGoes(tcp(1000, RST), CURRENT);
    assertGoes(error, CURRENT);
  }

  @Test
  void afterTheWindowWhatIsUnknownGoesToTheCurrentBackendAndIsNotEntered() {
    assertGoes(tcp(1000, ACK), PREVIOUS);
    dataplane.markRing(0, settled);
    assertGoes(tcp(1001, ACK), CURRENT);
    assertGoes(tcp(1002, SYN), CURRENT);
    assertGoes(udp(1003), CURRENT);
    assertThat(entries()).isEqualTo(1);
  }

  @Test
  void aStableSlotDoesNotAskTheTable() {
    assertGoes(tcp(1000, ACK), PREVIOUS);
    long lookups = dataplane.count(Counter.Total.FLOW_LOOKUPS).packets();
    dataplane.markRing(0, settled);
    dataplane.markRing(0, ring((builder, slot) -> builder.stable(slot, CURRENT)));
    assertGoes(tcp(1000, ACK), CURRENT);
    assertThat(dataplane.count(Counter.Total.FLOW_LOOKUPS).packets()).isEqualTo(lookups);
  }

  @Test
  void eachSlotIsForItself() {
    RingSlots mixed =
        ring((builder, slot) -> {
          if (slot % 2 == 0) {
            builder.changing(slot, CURRENT, PREVIOUS);
          } else {
            builder.stable(slot, THIRD);
          }
        });
    dataplane.putRing(0, mixed);
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
  void aFlowOfABackendThatIsGoneIsPlacedAnew() {
    assertGoes(tcp(1000, SYN), CURRENT);
    dataplane.removeBackend(CURRENT);
    dataplane.putRing(0, ring((builder, slot) -> builder.changing(slot, THIRD, PREVIOUS)));
    assertGoes(tcp(1000, SYN), THIRD);
  }

  @Test
  void aRingWithoutAnyoneForNewFlowsKeepsTheOpenOnes() {
    dataplane.putRing(
        0, ring((builder, slot) -> builder.changing(slot, Dataplane.NO_BACKEND, PREVIOUS)));
    assertDrops(tcp(1000, SYN));
    assertGoes(tcp(1001, ACK), PREVIOUS);
    assertThat(dataplane.count(Counter.Total.RING_EMPTY).packets()).isEqualTo(1);
    assertThat(entries()).isEqualTo(1);
  }

  @Test
  void aFloodOfNewConnectionsFillsNoMoreThanItsPartOfTheTable() {
    PinnedThread.run(this::floodWithNewConnections); // every CPU has a budget of its own
  }

  private void floodWithNewConnections() {
    int most = FlowRules.synsPerWindow(4096);
    for (int port = 0; port < 2 * most; port++) {
      dataplane.run(tcp(1000 + port, SYN));
    }
    assertThat(entries()).isBetween(most / 64, most);
    assertThat(dataplane.count(Counter.Total.FLOWS_LIMITED).packets()).isGreaterThanOrEqualTo(most);
    // one beyond that goes where its next packet will be entered
    assertGoes(tcp(60_000, SYN), PREVIOUS);
    int before = entries();
    assertGoes(tcp(60_000, ACK), PREVIOUS);
    assertThat(entries()).isEqualTo(before + 1);
  }

  @Test
  void anIdleFlowIsNotKnownAnyMore() throws InterruptedException {
    dataplane.putVip(tcp(VIP4, 443), new VipEntry(0, NO_FLAGS, /* idle= */ 1));
    assertGoes(tcp(1000, ACK), PREVIOUS);
    dataplane.markRing(0, settled);
    assertGoes(tcp(1000, ACK), PREVIOUS);
    Thread.sleep(1100); // the kernel's clock cannot be set
    assertGoes(tcp(1000, ACK), CURRENT);
  }

  @Test
  void withoutTheFeatureEveryFlowIsAtTheCurrentBackend() {
    assertGoes(tcp(1000, ACK), PREVIOUS);
    dataplane.use(Features.NONE);
    assertGoes(tcp(1000, ACK), CURRENT);
    assertThat(entries()).isZero();
  }
}
