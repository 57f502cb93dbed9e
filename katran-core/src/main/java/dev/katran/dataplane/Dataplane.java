package dev.katran.dataplane;

import dev.katran.Count;
import dev.katran.Footprint;
import dev.katran.Prefix;
import dev.katran.Simulation;
import dev.katran.VipKey;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;

/**
 * What forwards packets: tables that the control plane fills, and a program that reads them.
 *
 * <p>The tables refer to each other by numbers, which the control plane hands out: a VIP's number
 * (from 0) is that of its ring and its counter, a backend's number (from 1) stands in the rings'
 * slots and is that of its counter. Every method takes effect at once and for the next packet; none
 * of them leaves a table half changed. Writes are serialised by the caller; reads of counters may
 * come from any thread at any time.
 */
public interface Dataplane extends AutoCloseable {

  /** A slot that nobody serves: its packets are dropped. */
  int NO_BACKEND = 0;

  /** What {@link #tunnelEnds} says of packets that are balanced: {@code KATRAN_RECIRCULATE}. */
  int RECIRCULATE = 1;

  /** What {@link #tunnelEnds} says of packets that are sent back out: {@code KATRAN_EGRESS}. */
  int EGRESS = 2;

  /** How many entries {@link #tunnelEnds} may have. */
  int MAX_TUNNEL_ENDS = 1 << 12;

  /** How many entries {@link #down} may have. */
  int MAX_DOWN = 1 << 14;

  /**
   * Sees to it that from now on the program can do exactly this; what it does not need any more
   * goes. Done in one step, of which no packet takes notice. Whoever puts something that needs a
   * feature has asked for the feature before.
   */
  void use(Features features);

  /**
   * Makes several changes. Packets meet those of VIPs and pings as one, as far as they are of
   * single addresses: none of them takes effect before all are done, and none does if one throws.
   * Rings take effect before those, others at once.
   *
   * @param changes calls methods of this dataplane, but not this one
   */
  void together(Runnable changes);

  /** Installs or changes a VIP. Its ring, if it has one, must be there before. */
  void putVip(VipKey key, VipEntry entry);

  /** Removes a VIP: its packets pass. */
  void removeVip(VipKey key);

  /** Starts or stops answering echo requests for an address or a prefix. */
  void answerPing(Destination destination, boolean answer);

  /**
   * Replaces the ring of a VIP in one step.
   *
   * @param ring has as many slots as the ring size
   */
  void putRing(int vip, RingSlots ring);

  /**
   * Replaces the ring of a VIP by one all of whose slots are stable.
   *
   * @param slots a backend's number, or {@link #NO_BACKEND}, for each slot; as many as the ring
   *     size
   */
  default void putRing(int vip, int[] slots) {
    putRing(vip, RingSlots.stable(slots));
  }

  /**
   * Marks slots of a VIP's ring, each in one step: changing ones as settled, settled ones as
   * stable. All else of the ring is as it was put, and some slot of that was not stable.
   */
  void markRing(int vip, RingSlots ring);

  /** Removes the ring of a VIP: its packets are dropped. */
  void removeRing(int vip);

  /** Says how a backend is reached. */
  void putBackend(int number, BackendEntry entry);

  /** Forgets a backend that is in no ring any more. */
  void removeBackend(int number);

  /** The backends that server ids stand for. Ids are from 1. */
  NumberTable<Integer> serverIds();

  /** The backends that clients of a prefix go to, the longest one first. */
  NumberTable<Prefix> sourceRoutes();

  /** The backends that are down for a VIP; the numbers that belong to the keys mean nothing. */
  NumberTable<DownKey> down();

  /**
   * What becomes of what comes in tunnels to an address: {@link #RECIRCULATE} or {@link #EGRESS}.
   */
  NumberTable<InetAddress> tunnelEnds();

  /** Where flows are remembered; empty while {@link Features#remembersFlows} does not hold. */
  FlowTable flows();

  /** Reads a counter, added up over the CPUs. */
  Count count(Counter counter);

  /** Flows that were entered, or would have been, in the current second, over all CPUs. */
  long newFlows();

  /** A server id of a QUIC packet that nobody has, of late; 0 if there was none. */
  int quicInvalidIdSample();

  /** Sets a counter that nobody counts in to zero, for its number's next owner. */
  void clear(Counter counter);

  /**
   * Runs a frame through the program as if it had arrived, counters included; nothing is sent.
   *
   * @param frame an Ethernet frame of at least 14 bytes; not changed
   * @throws IllegalArgumentException if the frame is shorter, or longer than this dataplane takes
   */
  Simulation run(byte[] frame);

  /**
   * Runs a frame as {@link #run} does, and says how many nanoseconds that took: the program alone,
   * where something tells, else with all that belongs to the call.
   *
   * @param frame a native segment with an Ethernet frame of at least 14 bytes; not changed
   * @throws IllegalArgumentException if the frame is shorter, or longer than this dataplane takes
   */
  default long measure(MemorySegment frame) {
    byte[] copy = frame.toArray(ValueLayout.JAVA_BYTE);
    long start = System.nanoTime();
    run(copy);
    return System.nanoTime() - start;
  }

  /** What this costs in the kernel. */
  Footprint footprint();

  /** Takes the program away from where packets come in and frees the tables. */
  @Override
  void close();
}
