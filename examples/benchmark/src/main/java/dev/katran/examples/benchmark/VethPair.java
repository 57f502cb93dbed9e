package dev.katran.examples.benchmark;

import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.BpfProgram;
import dev.katran.ffm.TestRunOptions;
import dev.katran.ffm.XdpLink;
import dev.katran.ffm.net.MacAddress;
import dev.katran.ffm.net.NetworkNamespace;
import dev.katran.ffm.net.Rtnetlink;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.time.Duration;
import java.util.function.Supplier;

/**
 * Two network namespaces connected by a veth pair. At the far end the kernel sends frames of many
 * flows as fast as it can. Frames that the near end sends back are counted and dropped.
 */
final class VethPair implements AutoCloseable {

  /**
   * The near end. No other interface has this name, so that its kernel threads can be identified.
   */
  static final String NEAR = "balancer0";

  private static final String THREADS = "napi/" + NEAR + "-";
  private static final String FAR = "generator0";
  private static final int MTU = 1600;
  private static final int BATCH = 64;

  /** Frames that are sent between two readings of the clock. */
  private static final int FRAMES = 256 * 1024;

  private final NetworkNamespace far = NetworkNamespace.create("generator");
  private final NetworkNamespace near = NetworkNamespace.create("balancer");
  private final Arena arena = Arena.ofShared();
  private final int farIndex;
  private final MacAddress farMac;
  private final BareProgram generator;
  private final BareProgram sink;
  private final XdpLink sinkLink;
  private boolean isThreaded;

  /**
   * The traffic of one measurement.
   *
   * @param sent frames that were generated
   * @param returned frames that came back
   * @param seconds how long frames were sent, without the kernel's long waits before and after
   * @param worked run time in nanoseconds of the near end's kernel thread, whatever else its core
   *     did; 0 if there is no such thread
   */
  record Traffic(long sent, long returned, double seconds, long worked) {}

  /**
   * Creates a veth pair.
   *
   * @param flows the number of flows
   */
  VethPair(int flows) {
    for (NetworkNamespace end : new NetworkNamespace[] {near, far}) {
      for (String conf : new String[] {"all", "default"}) {
        end.sysctl(
            "net.ipv6.conf." + conf + ".disable_ipv6", "1"); // avoids stray packets in the counts
        end.sysctl("net.ipv4.conf." + conf + ".rp_filter", "0");
      }
    }
    try (Rtnetlink farLinks = Rtnetlink.open(far);
        Rtnetlink nearLinks = Rtnetlink.open(near)) {
      farIndex = farLinks.createVeth(FAR, NEAR, near, MTU).index();
      int nearIndex = nearLinks.link(NEAR).index();
      farLinks.setUp(farIndex);
      nearLinks.setUp(nearIndex);
      farMac = macOf(farLinks, farIndex);
      MacAddress nearMac = macOf(nearLinks, nearIndex);
      sink = BareProgram.load("sink");
      sinkLink =
          call(far, () -> XdpLink.attach(sink.program("sink"), farIndex, XdpLink.Mode.NATIVE));
      generator = BareProgram.load("generate", object -> configure(object, nearMac, farMac, flows));
    }
  }

  private static MacAddress macOf(Rtnetlink links, int index) {
    MacAddress mac = links.link(index).mac();
    if (mac == null) {
      throw new IllegalStateException("interface %d has no MAC address".formatted(index));
    }
    return mac;
  }

  private static void configure(BpfObject object, MacAddress to, MacAddress from, int flows) {
    MemorySegment constants = object.constants(".rodata.config");
    byte[] vip = InetAddress.ofLiteral(Family.V4.vip(0)).getAddress();
    MemorySegment.copy(to.toBytes(), 0, constants, ValueLayout.JAVA_BYTE, 0, 6);
    MemorySegment.copy(from.toBytes(), 0, constants, ValueLayout.JAVA_BYTE, 6, 6);
    MemorySegment.copy(vip, 0, constants, ValueLayout.JAVA_BYTE, 12, vip.length);
    constants.set(ValueLayout.JAVA_INT, 16, flows);
    constants.set(ValueLayout.JAVA_SHORT, 20, (short) FlowFrame.PORT);
  }

  /** Returns the namespace under test. */
  NetworkNamespace near() {
    return near;
  }

  /** Returns the destination MAC address of frames to send back. */
  MacAddress farMac() {
    return farMac;
  }

  /**
   * Moves the reception of the near end's frames to a kernel thread on a given core, with a
   * priority that keeps other programs away: frames that had to wait for them would be dropped.
   */
  boolean receiveOn(int core) throws Exception {
    Tool threaded =
        near.call(() ->
            Tool.run(
                "unshare",
                "--mount",
                "sh",
                "-c",
                "mount -t sysfs sysfs /sys && echo 1 > /sys/class/net/" + NEAR + "/threaded"));
    isThreaded = threaded.succeeded() && KernelThreads.prefer(THREADS, core) > 0;
    return isThreaded;
  }

  /** Sends from a given core for a while. */
  Traffic send(int core, Duration duration) throws Exception {
    return far.call(() -> Cores.call(core, () -> send(duration)));
  }

  private Traffic send(Duration duration) throws IOException {
    int length = FlowFrame.length(Family.V4);
    MemorySegment frame = arena.allocate(length);
    MemorySegment context = BpfProgram.context(arena, length, farIndex, 0);
    TestRunOptions options =
        TestRunOptions.DEFAULT
            .repeat(FRAMES)
            .flags(BpfConstants.BPF_F_TEST_XDP_LIVE_FRAMES)
            .batchSize(BATCH);
    long returned = returned();
    long sent = 0;
    long nanos = 0;
    long worked = worked();
    long start = System.nanoTime();
    do {
      nanos +=
          (long) FRAMES
              * generator.program("generate").run(frame, length, null, context, options).nanos();
      sent += FRAMES;
    } while (System.nanoTime() - start < duration.toNanos());
    return new Traffic(sent, returned() - returned, nanos / 1e9, worked() - worked);
  }

  private long worked() throws IOException {
    return isThreaded ? KernelThreads.runTime(THREADS) : 0;
  }

  /** Returns how many frames have come back, over all cores. */
  private long returned() {
    MemorySegment key = arena.allocate(ValueLayout.JAVA_INT);
    MemorySegment counts = arena.allocate(sink.map("arrived").bufferSize(), Long.BYTES);
    sink.map("arrived").lookup(key, counts);
    long sum = 0;
    for (long at = 0; at < counts.byteSize(); at += sink.map("arrived").valueStride()) {
      sum += counts.get(ValueLayout.JAVA_LONG, at);
    }
    return sum;
  }

  /** Runs a task without checked exceptions in a namespace. */
  static <T> T call(NetworkNamespace namespace, Supplier<T> task) {
    try {
      return namespace.call(task::get);
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("task failed in " + namespace, e);
    }
  }

  @Override
  public void close() {
    sinkLink.close();
    sink.close();
    generator.close();
    near.close();
    far.close();
    arena.close();
  }
}
