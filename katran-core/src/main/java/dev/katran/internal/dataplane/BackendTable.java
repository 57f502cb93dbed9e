package dev.katran.internal.dataplane;

import dev.katran.internal.packet.Hop;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** The backends of a {@link Dataplane}, by backend index. */
public interface BackendTable {

  /** Inserts or replaces a backend. */
  void put(int index, BackendEntry entry);

  /** Removes a backend. No ring may contain it any longer. */
  void remove(int index);

  /**
   * Returns the next hop of a backend that an earlier control plane has installed; null if it is
   * unresolved or not installed.
   *
   * @param backend the backend, without its next hop
   */
  @Nullable Hop hop(int index, BackendEntry backend);

  /** Removes all backends but these. */
  void retain(Set<Integer> indices);
}
