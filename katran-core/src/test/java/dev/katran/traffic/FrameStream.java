package dev.katran.traffic;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import com.google.common.io.Resources;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.TestRunOptions;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.MacAddress;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.net.InetSocketAddress;

/**
 * Frames that the kernel sends by an interface, at rates that no socket reaches, and what came back
 * of them. See {@code stream.bpf.c}. Its methods run in the network namespace of the interface.
 */
final class FrameStream implements AutoCloseable {

  /** The frames of a batch. A veth has room for 256. */
  private static final int BATCH = 64;

  /** Numbered datagrams on the way: fewer than there is room for. */
  private static final int ON_THE_WAY = 2 * BATCH;

  /** The kernel waits a little before each call and after it, so a call is long. */
  private static final int RUNS = 1 << 20;

  /** At the places of {@code config} in {@code stream.bpf.c}. */
  private static final int FROM = 6;

  private static final int TARGET = 12;
  private static final int FLOWS = 16;
  private static final int PORT = 20;
  private static final int LIMIT = 22;
  private static final int INTERVAL = 24;

  private static final int FRAME = 64;

  private final Arena arena = Arena.ofShared();
  private final BpfObject object;
  private final int ifindex;
  private final MemorySegment totals;

  /**
   * What was sent, and what has come back.
   *
   * @param sent frames
   * @param arrived numbered datagrams
   * @param skipped numbers that were missing when a later one of their flow came
   * @param late datagrams that came after a later one of their flow
   * @param moved how often a flow had another backend than before
   */
  record Totals(long sent, long arrived, long skipped, long late, long moved) {}

  /**
   * Loads the programs.
   *
   * @param flows the number of flows of numbered datagrams, up to 1024
   * @param rate the most frames per second
   */
  FrameStream(
      int ifindex, MacAddress from, MacAddress to, InetSocketAddress target, int flows, int rate)
      throws IOException {
    this.ifindex = ifindex;
    this.object =
        BpfObject.open(
            "stream",
            Resources.toByteArray(Resources.getResource("dev/katran/golden/stream.bpf.o")));
    MemorySegment config = object.constants(".rodata.config");
    InetAddress address = target.getAddress();
    MemorySegment.copy(to.toBytes(), 0, config, JAVA_BYTE, 0, FROM);
    MemorySegment.copy(from.toBytes(), 0, config, JAVA_BYTE, FROM, TARGET - FROM);
    MemorySegment.copy(address.getAddress(), 0, config, JAVA_BYTE, TARGET, FLOWS - TARGET);
    config.set(JAVA_INT, FLOWS, flows);
    config.set(JAVA_SHORT, PORT, (short) target.getPort());
    config.set(JAVA_SHORT, LIMIT, (short) ON_THE_WAY);
    config.set(JAVA_INT, INTERVAL, 1_000_000_000 / rate);
    object.load();
    this.totals = object.map("totals").map(arena);
  }

  /** Attaches the program that counts what comes back. */
  XdpLink count() {
    return XdpLink.attach(object.program("count"), ifindex, XdpLink.Mode.NATIVE);
  }

  /**
   * Sends numbered datagrams for some tenths of a second. Sends none for which there is no room on
   * the way to {@link #count}.
   */
  void sendNumbered() {
    send("send_numbered", RUNS);
  }

  /** Sends beginnings of connections of random clients, one or some more than a number. */
  void sendSyns(int count) {
    long enough = totals().sent() + count;
    while (totals().sent() < enough) {
      send("send_syn", RUNS / 4);
    }
  }

  private void send(String program, int runs) {
    try (Arena confined = Arena.ofConfined()) {
      MemorySegment frame = confined.allocate(FRAME);
      MemorySegment context = BpfProgram.context(confined, FRAME, ifindex, 0);
      TestRunOptions options =
          TestRunOptions.DEFAULT
              .repeat(runs)
              .flags(BpfConstants.BPF_F_TEST_XDP_LIVE_FRAMES)
              .batchSize(BATCH);
      object.program(program).run(frame, FRAME, null, context, options);
    }
  }

  /** Returns what has come back so far. */
  Totals totals() {
    return new Totals(total(0), total(1), total(2), total(3), total(4));
  }

  private long total(int index) {
    return (long) JAVA_LONG.varHandle().getVolatile(totals, (long) index * Long.BYTES);
  }

  @Override
  public void close() {
    object.close();
    arena.close();
  }
}
