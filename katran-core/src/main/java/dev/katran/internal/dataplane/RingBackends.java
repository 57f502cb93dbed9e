package dev.katran.internal.dataplane;

/**
 * The current backends of a ring's slots: indices of a table of the different ones, which are few.
 *
 * @param table different backend indices, and maybe {@link Dataplane#NO_BACKEND}; some may have no
 *     slot. Must not be modified
 * @param slots the position in the table of each slot's backend; must not be modified
 */
@SuppressWarnings("ArrayRecordComponent") // compared by identity
public record RingBackends(int[] table, char[] slots) {

  /**
   * Finds the different backends among those of the slots.
   *
   * @throws IllegalArgumentException if there are more than 65536
   */
  static RingBackends of(int[] backends) {
    Distinct distinct = new Distinct();
    char[] slots = new char[backends.length];
    for (int slot = 0; slot < slots.length; slot++) {
      slots[slot] = (char) distinct.indexOf(backends[slot]);
      if (distinct.size() > RingSlots.MAX_CONTENTS) {
        throw new IllegalArgumentException("a ring of more than 65535 backends");
      }
    }
    return new RingBackends(distinct.toIntArray(), slots);
  }

  /**
   * Creates the backends of some slots.
   *
   * @param table backend indices that need not differ
   * @param slots the position in the table of each slot's backend
   */
  public static RingBackends of(int[] table, char[] slots) {
    Distinct distinct = new Distinct();
    char[] positions = new char[table.length];
    for (int i = 0; i < table.length; i++) {
      positions[i] = (char) distinct.indexOf(table[i]);
    }
    char[] merged = new char[slots.length];
    for (int slot = 0; slot < slots.length; slot++) {
      merged[slot] = positions[slots[slot]];
    }
    return new RingBackends(distinct.toIntArray(), merged);
  }

  /** Returns the backend of a slot. */
  public int of(int slot) {
    return table[slots[slot]];
  }

  /** Returns the backend of each slot. */
  public int[] toArray() {
    int[] backends = new int[slots.length];
    for (int slot = 0; slot < backends.length; slot++) {
      backends[slot] = table[slots[slot]];
    }
    return backends;
  }
}
