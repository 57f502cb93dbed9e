package dev.katran.internal.dataplane;

import static org.assertj.core.api.Assertions.assertThat;

import dev.katran.Count;
import dev.katran.packets.Packet;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Counters: which packets each one counts, and how many bytes. */
public abstract class CountingContract extends DataplaneContract {

  private static final Counter TX = Counter.Total.TX;
  private static final Counter DROP = Counter.Total.DROP;
  private static final Counter PASS = Counter.Total.PASS;
  private static final Counter FIRST_VIP = new Counter.OfVip(0, Counter.VipEvent.FORWARDED);
  private static final Counter FIRST_BACKEND = new Counter.OfBackend(1);

  @Test
  void read_newDataplane_isZero() {
    assertThat(dataplane.counters().read(TX)).isEqualTo(Count.ZERO);
    assertThat(dataplane.counters().read(FIRST_VIP)).isEqualTo(Count.ZERO);
    assertThat(
            dataplane
                .counters()
                .read(new Counter.OfVip(CONFIG.limits().vips() - 1, Counter.VipEvent.FORWARDED)))
        .isEqualTo(Count.ZERO);
    assertThat(dataplane.counters().read(new Counter.OfBackend(CONFIG.limits().backends())))
        .isEqualTo(Count.ZERO);
  }

  @Test
  void forward_ipv4_countsReceivedFrameAndIpLength() {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND6);
    dataplane.program().run(Packet.tcp(CLIENT4, 1, VIP4, 443).payload(100).frame());
    dataplane.program().run(Packet.tcp(CLIENT4, 2, VIP4, 443).frame());

    assertThat(dataplane.counters().read(TX)).isEqualTo(new Count(2, 154 + 54));
    assertThat(dataplane.counters().read(FIRST_VIP)).isEqualTo(new Count(2, 140 + 40));
    assertThat(dataplane.counters().read(FIRST_BACKEND)).isEqualTo(new Count(2, 140 + 40));
    assertThat(dataplane.counters().read(DROP)).isEqualTo(Count.ZERO);
    assertThat(dataplane.counters().read(PASS)).isEqualTo(Count.ZERO);
  }

  @Test
  void forward_ipv6_countsPayloadLength() {
    serve(tcp(VIP6, 443), 0, NO_FLAGS, 1, BACKEND4);
    dataplane.program().run(Packet.tcp(CLIENT6, 1, VIP6, 443).payload(100).frame());

    assertThat(dataplane.counters().read(TX)).isEqualTo(new Count(1, 174));
    assertThat(dataplane.counters().read(FIRST_VIP)).isEqualTo(new Count(1, 120));
    assertThat(dataplane.counters().read(FIRST_BACKEND)).isEqualTo(new Count(1, 120));
  }

  @Test
  void measure_frame_countsAndLeavesFrameUnchanged() {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    byte[] bytes = Packet.tcp(CLIENT4, 1, VIP4, 443).frame();
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment frame = arena.allocateFrom(ValueLayout.JAVA_BYTE, bytes);
      assertThat(dataplane.program().measure(frame)).isBetween(1L, 1_000_000_000L);
      assertThat(frame.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(bytes);
    }
    assertThat(dataplane.counters().read(TX)).isEqualTo(new Count(1, 54));
    assertThat(dataplane.counters().read(FIRST_VIP)).isEqualTo(new Count(1, 40));
  }

  @Test
  void forward_severalVips_countsEachVipAndBackendSeparately() {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, "10.0.0.1");
    serve(udp(VIP4, 443), 1, NO_FLAGS, 2, "10.0.0.2");
    serve(tcp(VIP4, 80), 2, NO_FLAGS, 1, "10.0.0.1");
    dataplane.program().run(Packet.tcp(CLIENT4, 1, VIP4, 443).frame());
    dataplane.program().run(Packet.udp(CLIENT4, 1, VIP4, 443).frame());
    dataplane.program().run(Packet.tcp(CLIENT4, 1, VIP4, 80).frame());

    assertThat(dataplane.counters().read(new Counter.OfVip(0, Counter.VipEvent.FORWARDED)))
        .isEqualTo(new Count(1, 40));
    assertThat(dataplane.counters().read(new Counter.OfVip(1, Counter.VipEvent.FORWARDED)))
        .isEqualTo(new Count(1, 28));
    assertThat(dataplane.counters().read(new Counter.OfVip(2, Counter.VipEvent.FORWARDED)))
        .isEqualTo(new Count(1, 40));
    assertThat(dataplane.counters().read(new Counter.OfBackend(1))).isEqualTo(new Count(2, 80));
    assertThat(dataplane.counters().read(new Counter.OfBackend(2))).isEqualTo(new Count(1, 28));
  }

  @Test
  void passOrDrop_packet_countsOnlyInTotals() {
    serve(udp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    dataplane.program().run(Packet.udp(CLIENT4, 1, VIP4, 444).frame());
    dataplane.program().run(new byte[20]);
    dataplane.program().run(Packet.udp(CLIENT4, 1, VIP4, 443).payload(1500).frame());
    dataplane.rings().remove(0);
    dataplane.program().run(Packet.udp(CLIENT4, 1, VIP4, 443).frame());

    assertThat(dataplane.counters().read(PASS)).isEqualTo(new Count(2, 42 + 20));
    assertThat(dataplane.counters().read(DROP)).isEqualTo(new Count(2, 1542 + 42));
    assertThat(dataplane.counters().read(TX)).isEqualTo(Count.ZERO);
    assertThat(dataplane.counters().read(FIRST_VIP)).isEqualTo(Count.ZERO);
    assertThat(dataplane.counters().read(FIRST_BACKEND)).isEqualTo(Count.ZERO);
  }

  @Test
  void ping_answered_countsAsSentButNotForVip() {
    serveAllFamilies();
    byte[] ping = Packet.echoRequest(CLIENT4, VIP4).frame();
    dataplane.program().run(ping);

    assertThat(dataplane.counters().read(TX)).isEqualTo(new Count(1, ping.length));
    assertThat(dataplane.counters().read(FIRST_VIP)).isEqualTo(Count.ZERO);
  }

  @Test
  void icmpError_forwarded_countsItsOwnLengthForVip() {
    serveAllFamilies();
    Packet error =
        Packet.icmp("192.0.2.1", VIP4, 3, 3)
            .payload(Packet.tcp(VIP4, 443, CLIENT4, 49152).payload(500).ip());
    dataplane.program().run(error.frame());

    assertThat(dataplane.counters().read(FIRST_VIP)).isEqualTo(new Count(1, error.ip().length));
    assertThat(dataplane.counters().read(FIRST_BACKEND)).isEqualTo(new Count(1, error.ip().length));
  }

  @Test
  void clear_counter_resetsOnlyThatCounter() {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    dataplane.program().run(Packet.tcp(CLIENT4, 1, VIP4, 443).frame());

    dataplane.counters().clear(FIRST_VIP);

    assertThat(dataplane.counters().read(FIRST_VIP)).isEqualTo(Count.ZERO);
    assertThat(dataplane.counters().read(FIRST_BACKEND)).isEqualTo(new Count(1, 40));
  }

  @Test
  void run_concurrently_countsEveryPacket() throws InterruptedException {
    serve(tcp(VIP4, 443), 0, NO_FLAGS, 1, BACKEND4);
    byte[] frame = Packet.tcp(CLIENT4, 1, VIP4, 443).frame();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int n = 0; n < 2000; n++) {
                  dataplane.program().run(frame);
                }
              }));
    }
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(dataplane.counters().read(FIRST_VIP)).isEqualTo(new Count(8000, 8000 * 40));
    assertThat(dataplane.counters().read(TX)).isEqualTo(new Count(8000, 8000 * 54));
  }
}
