package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.packets.Packet;
import java.nio.ByteBuffer;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What begins goes to the current backend of its slot, and flows leave backends that are down. */
public abstract class BeginningContract extends DataplaneContract {

  private static final int CURRENT = 1;
  private static final int PREVIOUS = 2;
  private static final int SYN = 2;
  private static final int ACK = 16;
  private static final int VIP = 0;

  private static final int QUIC_VERSION_1 = 1;
  private static final int QUIC_VERSION_2 = 0x6b3343cf;
  private static final int QUIC_UNKNOWN_VERSION = 0x0a1a2a3a;

  @BeforeEach
  void serve() {
    int flags = VipFlags.QUIC | VipFlags.UDP_FLOW_MIGRATION;
    dataplane.program().use(new Features(flags, false, false, true));
    for (int number : new int[] {CURRENT, PREVIOUS}) {
      dataplane.backends().put(number, new BackendEntry(address("10.0.0." + number), HOP));
    }
    dataplane.rings().put(VIP, ring(true));
    dataplane.vips().put(tcp(VIP4, 443), new VipEntry(VIP, NO_FLAGS));
    dataplane.vips().put(udp(VIP4, 443), new VipEntry(VIP, flags));
  }

  private static RingSlots ring(boolean isChanging) {
    RingSlots.Builder builder = RingSlots.stable(new int[CONFIG.limits().ringSize()]).toBuilder();
    for (int slot = 0; slot < CONFIG.limits().ringSize(); slot++) {
      if (isChanging) {
        builder.changing(slot, CURRENT, PREVIOUS);
      } else {
        builder.settled(slot, CURRENT);
      }
    }
    return builder.build();
  }

  private static byte[] tcp(int flags) {
    byte[] frame = Packet.tcp(CLIENT4, 1000, VIP4, 443).frame();
    frame[14 + 20 + 13] = (byte) flags;
    return frame;
  }

  private static byte[] quic(int firstByte, int version) {
    ByteBuffer quic = ByteBuffer.allocate(30);
    quic.put((byte) firstByte);
    if (firstByte >= 0x80) {
      quic.putInt(version).put((byte) 8);
    }
    return Packet.udp(CLIENT4, 1000, VIP4, 443).payload(quic.array()).frame();
  }

  private void assertForwardedTo(byte[] frame, int backend) {
    assertThat(forwarded(frame).destination()).isEqualTo(address("10.0.0." + backend));
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void syn_knownFlowAtAnotherBackend_goesToCurrentAndStays(boolean isChanging) {
    assertForwardedTo(tcp(ACK), PREVIOUS);
    dataplane.rings().mark(VIP, ring(isChanging));
    assertForwardedTo(tcp(SYN), CURRENT);
    assertForwardedTo(tcp(ACK), CURRENT);
  }

  @Test
  void synAck_unknownFlow_doesNotBegin() {
    assertForwardedTo(tcp(SYN | ACK), PREVIOUS);
    assertForwardedTo(tcp(ACK), PREVIOUS);
  }

  @Test
  void synAck_knownFlow_staysThere() {
    assertForwardedTo(tcp(ACK), PREVIOUS);
    assertForwardedTo(tcp(SYN | ACK), PREVIOUS);
  }

  @Test
  void syn_currentBackendIsGone_staysAtItsEntry() {
    assertForwardedTo(tcp(ACK), PREVIOUS);
    dataplane.backends().remove(CURRENT);
    assertForwardedTo(tcp(SYN), PREVIOUS);
  }

  @Test
  void syn_slotIsEmpty_isDropped() {
    assertForwardedTo(tcp(ACK), PREVIOUS);
    RingSlots.Builder empty = ring(false).toBuilder();
    for (int slot = 0; slot < CONFIG.limits().ringSize(); slot++) {
      empty.settled(slot, Dataplane.NO_BACKEND);
    }
    dataplane.rings().put(VIP, empty.build());
    assertForwardedTo(tcp(ACK), PREVIOUS);
    assertDrops(tcp(SYN));
  }

  @Test
  void quicInitial_unknownFlow_goesToCurrentAndStays() {
    assertForwardedTo(quic(0xc0, QUIC_VERSION_1), CURRENT);
    assertForwardedTo(quic(0x40, 0), CURRENT);
  }

  @Test
  void quicInitial_knownFlowAtAnotherBackend_goesToCurrentAndStays() {
    assertForwardedTo(quic(0x40, 0), PREVIOUS);
    assertForwardedTo(quic(0xc0, QUIC_VERSION_1), CURRENT);
    assertForwardedTo(quic(0x40, 0), CURRENT);
  }

  @ParameterizedTest
  @ValueSource(ints = {0xd0, 0xe0})
  void quicInitialAndZeroRtt_version2_begin(int firstByte) {
    assertForwardedTo(quic(firstByte, QUIC_VERSION_2), CURRENT);
    assertThat(dataplane.counters().read(Counter.Total.QUIC_INITIAL).packets()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {0xc0, 0xf0})
  void quicOtherTypes_version2_doNotBegin(int firstByte) {
    assertForwardedTo(quic(firstByte, QUIC_VERSION_2), PREVIOUS);
    assertThat(dataplane.counters().read(Counter.Total.QUIC_INITIAL).packets()).isZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0xc0, 0xd0, 0xe0, 0xf0})
  void quicLongHeader_unknownVersion_isRoutedByItsIdAlone(int firstByte) {
    dataplane.backends().put(9, new BackendEntry(address("10.0.0.9"), HOP));
    dataplane.serverIds().put(Map.of(0x111, 9));
    byte[] frame = quic(firstByte, QUIC_UNKNOWN_VERSION);
    assertForwardedTo(frame, PREVIOUS);
    frame[14 + 20 + 8 + 6] = 0x40;
    frame[14 + 20 + 8 + 7] = 0x44;
    frame[14 + 20 + 8 + 8] = 0x40;
    assertForwardedTo(frame, 9);
  }

  @Test
  void migration_previousIsDown_goesToCurrentWithOneEntry() {
    dataplane.down().put(Map.of(new DownKey(VIP, PREVIOUS), 1));
    for (int i = 0; i < 4; i++) {
      assertForwardedTo(quic(0x40, 0), CURRENT);
    }
    assertThat(dataplane.counters().read(Counter.Total.FLOW_MISSES).packets()).isEqualTo(1);
    assertThat(dataplane.counters().read(Counter.Total.UDP_MIGRATIONS).packets()).isEqualTo(1);
  }

  @Test
  void migration_entryNamesBackendThatGoesDown_movesOnce() {
    assertForwardedTo(quic(0x40, 0), PREVIOUS);
    dataplane.down().put(Map.of(new DownKey(VIP, PREVIOUS), 1));
    for (int i = 0; i < 4; i++) {
      assertForwardedTo(quic(0x40, 0), CURRENT);
    }
    assertThat(dataplane.counters().read(Counter.Total.FLOW_MISSES).packets()).isEqualTo(2);
  }
}
