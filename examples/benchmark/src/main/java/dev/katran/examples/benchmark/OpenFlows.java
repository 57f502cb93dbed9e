package dev.katran.examples.benchmark;

import dev.katran.LoadBalancer;
import dev.katran.Simulation;
import dev.katran.Verdict;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.BitSet;

/** TCP flows that stay open, and at which backend each of them was seen last. */
final class OpenFlows {

  /** Where the last two bytes of the outer IPv4 destination are. */
  private static final int OUTER_DESTINATION = 32;

  private static final short ANY = -1;

  private final short[] backends;
  private final BitSet changed = new BitSet();
  private final byte[] bytes = new byte[FlowFrame.length(Family.V4)];
  private final FlowFrame frame = new FlowFrame(MemorySegment.ofArray(bytes), Family.V4);
  private long packets;
  private long rehomed;

  OpenFlows(int count) {
    backends = new short[count];
    Arrays.fill(backends, ANY);
  }

  int count() {
    return backends.length;
  }

  /** How many have changed backend though theirs was there all the time. */
  int changed() {
    return changed.cardinality();
  }

  /** How often one lost its backend, which was removed. */
  long rehomed() {
    return rehomed;
  }

  /** How many packets they have sent. */
  long packets() {
    return packets;
  }

  /**
   * Sends the first packet of a flow that is not open yet; a number beyond all is one of nobody.
   */
  void begin(int flow, LoadBalancer lb) {
    frame.syn(flow, 0);
    short backend = send(lb);
    if (flow < backends.length) {
      backends[flow] = backend;
      packets++;
    }
  }

  /** Sends another packet of an open flow, and notes where it goes. */
  void go(int flow, LoadBalancer lb) {
    frame.open(flow, 0);
    short backend = send(lb);
    packets++;
    if (backends[flow] != ANY && backends[flow] != backend) {
      changed.set(flow);
    }
    backends[flow] = backend;
  }

  /** A backend is removed: its flows go elsewhere, and may. */
  void lose(int backend) {
    for (int flow = 0; flow < backends.length; flow++) {
      if (backends[flow] == backend) {
        backends[flow] = ANY;
        rehomed++;
      }
    }
  }

  private short send(LoadBalancer lb) {
    Simulation simulation = lb.simulate(bytes);
    if (simulation.verdict() != Verdict.TX) {
      throw new IllegalStateException("a packet of " + frame.flow() + ": " + simulation.verdict());
    }
    byte[] sent = simulation.frame();
    return (short)
        (((sent[OUTER_DESTINATION] & 0xff) << 8 | (sent[OUTER_DESTINATION + 1] & 0xff)) - 1);
  }
}
