package dev.katran.internal.dataplane;

import dev.katran.Prefix;
import java.net.InetAddress;
import java.util.Optional;

/**
 * The port to the forwarding path: tables that the control plane writes, and a program that reads
 * them.
 *
 * <p>Tables refer to each other by index, which the control plane allocates. A VIP's index (from 0)
 * also identifies its ring and its counters. A backend's index (from 1) is stored in ring slots and
 * also identifies its counters. Writes take effect immediately, for the next packet, and are atomic
 * unless their javadoc states otherwise. There is a single writer. Counters may be read from any
 * thread at any time.
 *
 * <p>An adapter throws a {@link dev.katran.internal.failure.Failure} if the platform rejects an
 * operation.
 */
public interface Dataplane extends AutoCloseable {

  /** The index in an empty ring slot. Its packets are dropped. */
  int NO_BACKEND = 0;

  /** Returns the VIPs and the addresses that answer pings. */
  VipTable vips();

  /** Returns the rings, by VIP index. */
  RingTable rings();

  /** Returns when the changes of VIPs end by themselves. */
  DeadlineTable deadlines();

  /** Returns the backends, by backend index. */
  BackendTable backends();

  /** Returns the table of server ids (from 1) to backend indices. */
  IndexTable<Integer> serverIds();

  /** Returns the table of source prefixes to backend indices. The longest prefix wins. */
  IndexTable<Prefix> sourceRoutes();

  /** Returns the set of backends that are marked down for a VIP. Its values are ignored. */
  IndexTable<DownKey> down();

  /** Returns the table of tunnel destinations to {@link TunnelAction} values. */
  IndexTable<InetAddress> tunnelEndpoints();

  /**
   * Returns the table of the sources that answer for rewriting VIPs to VIP indices, by which {@link
   * Features#rewrites} finds the way back to the client. The VIP must be installed.
   */
  IndexTable<ReverseKey> reverse();

  /** Returns the flow table, which is empty while {@link Features#tracksFlows} is false. */
  FlowTable flows();

  /** Returns the counters. */
  CounterTable counters();

  /** Returns the program. */
  ForwardingProgram program();

  /**
   * Applies a batch of changes. Changes to VIPs and pings of single addresses become visible
   * atomically after {@code changes} returns, or not at all if it throws. Changed rings become
   * visible before that, and changes to other tables immediately.
   *
   * @param changes writes tables of this dataplane. It must not call this method
   */
  void batch(Runnable changes);

  /**
   * Frees what has been replaced or removed since the last call, and programs that were loaded but
   * not used. Until then, going back to a replaced ring, table or program needs no new resource, so
   * that a change can be undone when memory or descriptors have run out. Does not throw.
   */
  void commit();

  /** Returns where the control plane writes down what it does, if this outlives the process. */
  default Optional<Journal> journal() {
    return Optional.empty();
  }

  /** Returns whether another process waits to take over what outlives this one. */
  default boolean isWanted() {
    return false;
  }

  /** Has {@link #close} remove what would outlive the process. */
  default void forget() {}

  /** Returns the kernel resources in use. */
  ResourceUsage resources();

  /**
   * Detaches the program and frees the tables. What outlives the process stays, and forwards
   * packets, unless it is {@linkplain #forget forgotten}.
   */
  @Override
  void close();
}
