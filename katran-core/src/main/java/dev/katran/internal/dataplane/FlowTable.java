package dev.katran.internal.dataplane;

import dev.katran.internal.packet.FiveTuple;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** The flow table: stores the backends of tracked flows. */
public interface FlowTable {

  /**
   * The entry of a flow: a {@link FlowWord} and {@code struct katran_flow_key} of {@code katran.h}.
   *
   * @param flow the flow, with ports that its VIP does not hash set to 0
   * @param backend the backend's index
   * @param vip the VIP's index
   * @param idle nanoseconds since the flow's last packet at least. Up to two seconds more have
   *     passed, or nine minutes after the first nine
   */
  record Entry(FiveTuple flow, int backend, int vip, long idle) {}

  /** Returns the entry of a flow, or null. Does not count as a use of the entry. */
  @Nullable Entry get(FiveTuple flow);

  /** Removes the entry of a flow. Returns whether there was one. */
  boolean remove(FiveTuple flow);

  /**
   * Passes all entries to an action. Entries that are inserted or removed meanwhile may be missed.
   */
  void forEach(Consumer<Entry> action);

  /** Starts a scan of all entries, which is as complete as {@link #forEach}. */
  Scan scan();

  /** A scan of all entries, in steps. */
  interface Scan extends AutoCloseable {

    /**
     * Passes the next entries to an action and returns whether there may be more.
     *
     * @param count how many entries; a batch of the platform may exceed it
     */
    boolean next(int count, Consumer<Entry> action);

    /** Ends the scan and frees its buffers. */
    @Override
    void close();
  }

  /** Removes the entries that match a condition and returns their number. */
  long removeIf(Predicate<Entry> condition);

  /**
   * Keeps the times of unused entries from wrapping. To be called once a second: each call handles
   * a part of the table.
   */
  void preserveTimes();
}
