package dev.katran.examples.benchmark;

import dev.katran.LoadBalancer;
import dev.katran.Simulation;
import dev.katran.Verdict;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;

/** TCP flows that stay open, with the backend that each was last sent to. */
final class OpenFlows {

  /** The offset of the last two bytes of the outer IPv4 destination. */
  private static final int OUTER_DESTINATION = 32;

  private static final short NO_BACKEND = -1;

  private final short[] backends;
  private final BitSet changed = new BitSet();
  private final byte[] bytes = new byte[FlowFrame.length(Family.V4)];
  private final FlowFrame frame = new FlowFrame(MemorySegment.ofArray(bytes), Family.V4);
  private long packets;
  private long lostBackends;

  OpenFlows(int count) {
    backends = new short[count];
    Arrays.fill(backends, NO_BACKEND);
  }

  int count() {
    return backends.length;
  }

  /** Returns how many flows moved although their backend was there all the time. */
  int changed() {
    return changed.cardinality();
  }

  /** Returns how often a flow lost its backend because that was removed. */
  long lostBackends() {
    return lostBackends;
  }

  /** Returns how many packets the flows have sent. */
  long packets() {
    return packets;
  }

  /** Sends the SYN of a flow. Numbers beyond the count are flows that are not tracked here. */
  void open(int flow, LoadBalancer lb) {
    frame.syn(flow, 0);
    short backend = send(lb);
    if (flow < backends.length) {
      backends[flow] = backend;
      packets++;
    }
  }

  /** Sends another packet of an open flow and records its backend. */
  void sendNext(int flow, LoadBalancer lb) {
    frame.open(flow, 0);
    short backend = send(lb);
    packets++;
    if (backends[flow] != NO_BACKEND && backends[flow] != backend) {
      changed.set(flow);
    }
    backends[flow] = backend;
  }

  /** Records that a backend is removed, so that its flows may move. */
  void backendRemoved(int backend) {
    for (int flow = 0; flow < backends.length; flow++) {
      if (backends[flow] == backend) {
        backends[flow] = NO_BACKEND;
        lostBackends++;
      }
    }
  }

  private short send(LoadBalancer lb) {
    Simulation simulation = lb.simulate(bytes);
    if (simulation.verdict() != Verdict.TX) {
      throw new IllegalStateException(
          "packet of %s: expected TX, got %s".formatted(frame.flow(), simulation.verdict()));
    }
    byte[] sent = simulation.frame();
    return (short)
        (((sent[OUTER_DESTINATION] & 0xff) << 8 | (sent[OUTER_DESTINATION + 1] & 0xff)) - 1);
  }
}
