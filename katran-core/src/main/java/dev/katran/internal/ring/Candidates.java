package dev.katran.internal.ring;

/**
 * The next free slots in the permutations of a few backends. They are found many probes ahead,
 * without a branch for the CPU to mispredict. When a backend takes one, another backend has seldom
 * taken it, because few backends take few slots meanwhile.
 */
final class Candidates {

  /** The largest number of probes that are made at once. */
  private static final int CAPACITY = 256;

  /** The number of free slots that are to be found at once. */
  private static final int WANTED = 32;

  private final FreeSlots freeSlots;
  private final int size;

  /** The state of each backend: {@link Permutations#SLOT} is the first slot that was not probed. */
  private final int[] states;

  /** The slots found for each backend; some have the size added. */
  private final int[] found;

  /** The positions in {@link #found} of each backend's next slot, and of the end of its slots. */
  private final int[] next;

  private final int[] end;

  Candidates(FreeSlots freeSlots, int[] states) {
    int backends = states.length / Permutations.FIELDS;
    this.freeSlots = freeSlots;
    this.size = freeSlots.count();
    this.states = states;
    this.found = new int[backends * CAPACITY];
    this.next = new int[backends];
    this.end = new int[backends];
  }

  /** Removes and returns a backend's next free slot. */
  int next(int backend) {
    int position = next[backend];
    while (true) {
      while (position == end[backend]) {
        position = probe(backend);
      }
      int slot = found[position++];
      if (freeSlots.contains(slot)) {
        next[backend] = position;
        return freeSlots.reduce(slot);
      }
    }
  }

  /** Finds slots of a backend, and returns the position of the first. */
  private int probe(int backend) {
    int wanted = (int) Math.min(CAPACITY, (long) WANTED * size / freeSlots.count());
    int probes = wanted & -Integer.BYTES;
    int state = backend * Permutations.FIELDS;
    int slot = states[state + Permutations.SLOT];
    int skip = states[state + Permutations.SKIP];
    int start = backend * CAPACITY;
    end[backend] = freeSlots.find(slot, skip, probes, found, start);
    states[state + Permutations.SLOT] = freeSlots.after(slot, skip, probes);
    return start;
  }

  /** Makes the next slot that may be free the first one that is probed. */
  void giveBack(int backend) {
    if (next[backend] < end[backend]) {
      states[backend * Permutations.FIELDS + Permutations.SLOT] =
          freeSlots.reduce(found[next[backend]]);
      end[backend] = next[backend];
    }
  }
}
