package dev.katran.examples.benchmark;

import dev.katran.Backend;
import dev.katran.BackendKey;
import dev.katran.Forwarding;
import dev.katran.LoadBalancer;
import dev.katran.Ring;
import dev.katran.Tracking;
import dev.katran.Vip;
import java.lang.foreign.MemorySegment;
import java.net.InetAddress;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Measures how long a change of one backend takes. */
@Command(
    name = "change",
    mixinStandardHelpOptions = true,
    description = "Measures how long it takes until packets follow a change of one backend.")
final class ChangeBenchmark extends Measurement {

  private static final int WARM_UP = 100;

  /** The offset of the destination in the outer IPv4 header. */
  private static final int OUTER_DESTINATION = 30;

  private static final Duration TIMEOUT = Duration.ofSeconds(10);

  @Option(
      names = "--backends",
      defaultValue = "1000",
      description = "backends of the VIP (default: ${DEFAULT-VALUE})")
  private int backends;

  @Option(
      names = "--changes",
      defaultValue = "2000",
      description = "changes to measure (default: ${DEFAULT-VALUE})")
  private int changes;

  private final Samples put = new Samples();
  private final Samples afterwards = new Samples();
  private final Samples both = new Samples();

  @Override
  List<Row> measure() throws Exception {
    if (backends < 2 || changes < 1) {
      throw new IllegalArgumentException("--backends must be 2 or more, --changes 1 or more");
    }
    List<Backend> all = Services.backends(Family.V4, Forwarding.ipip(), 0, backends);
    Vip vip = Services.vip(Family.V4, 0, Tracking.ADAPTIVE, all);
    try (LoadBalancer lb = Services.builder().open()) {
      lb.put(vip);
      NewFlows flows = new NewFlows(lb.ring(vip.key()).orElseThrow());
      Random random = new Random(1);
      for (int i = 0; i < WARM_UP + changes; i += 2) {
        if (i == WARM_UP) {
          put.clear();
          afterwards.clear();
          both.clear();
        }
        InetAddress backend = all.get(random.nextInt(backends)).address();
        change(lb, vip.draining(BackendKey.of(backend)), flows, backend, false);
        change(lb, vip, flows, backend, true);
      }
    }
    return List.of(row("put", put), row("put-to-packet", afterwards), row("both", both));
  }

  private void change(
      LoadBalancer lb, Vip vip, NewFlows flows, InetAddress backend, boolean isExpected) {
    byte[] syn = flows.syn(backend);
    long start = System.nanoTime();
    lb.put(vip);
    long returned = System.nanoTime();
    while (goesTo(backend, syn, lb) != isExpected) {
      if (System.nanoTime() - returned > TIMEOUT.toNanos()) {
        throw new IllegalStateException("no packet follows the change after " + TIMEOUT);
      }
      syn = flows.syn(backend);
    }
    long used = System.nanoTime();
    put.add((returned - start) / 1e3);
    afterwards.add((used - returned) / 1e3);
    both.add((used - start) / 1e3);
  }

  private static boolean goesTo(InetAddress backend, byte[] syn, LoadBalancer lb) {
    byte[] address = backend.getAddress();
    int end = OUTER_DESTINATION + address.length;
    return Arrays.equals(
        lb.simulate(syn).frame(), OUTER_DESTINATION, end, address, 0, address.length);
  }

  /** Flows that have sent no packet yet, because known flows stay where they are. */
  private static final class NewFlows {

    private final Ring ring;
    private final byte[] bytes = new byte[FlowFrame.length(Family.V4)];
    private final FlowFrame frame = new FlowFrame(MemorySegment.ofArray(bytes), Family.V4);
    private int last;

    NewFlows(Ring ring) {
      this.ring = ring;
    }

    /** Returns the first packet of a flow that the ring sends to a backend. */
    byte[] syn(InetAddress backend) {
      do {
        frame.syn(++last, 0);
      } while (!ring.backend(frame.flow()).orElseThrow().address().equals(backend));
      return bytes.clone();
    }
  }

  private Row row(String variant, Samples samples) {
    return Row.of("change", variant).with("backends", backends).with(samples, "us", 50, 99);
  }
}
