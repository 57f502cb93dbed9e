package dev.katran.dataplane;

import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Where the flows of tracked VIPs are remembered. */
public interface FlowTable {

  /**
   * An entry.
   *
   * @param flow the connection, as its VIP hashes it: ports that take no part are 0
   * @param backend its number
   * @param vip its number
   * @param idle nanoseconds since a packet of it came in
   */
  record Entry(FiveTuple flow, int backend, int vip, long idle) {}

  /** The entry of a flow; null if there is none. Its place in the order of use stays. */
  @Nullable Entry get(FiveTuple flow);

  /** Removes the entry of a flow. Returns whether there was one. */
  boolean remove(FiveTuple flow);

  /** Shows all entries; those that come or go meanwhile may be missed. */
  void forEach(Consumer<Entry> action);

  /** A look at all entries, in steps; see {@link #forEach}. */
  Scan scan();

  /** A look at all entries that is under way. */
  interface Scan extends AutoCloseable {

    /** Shows about so many more entries. Returns whether there are more still. */
    boolean next(int most, Consumer<Entry> action);

    @Override
    void close();
  }

  /** Removes the entries that the condition holds for, and returns how many. */
  long removeIf(Predicate<Entry> condition);
}
