package dev.katran.internal.dataplane;

/** The backends of a {@link Dataplane}, by backend index. */
public interface BackendTable {

  /** Inserts or replaces a backend. */
  void put(int index, BackendEntry entry);

  /** Removes a backend. No ring may contain it any longer. */
  void remove(int index);
}
