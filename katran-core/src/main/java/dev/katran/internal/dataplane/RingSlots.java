package dev.katran.internal.dataplane;

import com.google.common.primitives.ImmutableIntArray;
import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.BitSet;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * The slots of a ring. Each holds the index of its backend and, after a change, the state of the
 * change: {@code enum katran_slot} of {@code katran.h}. Immutable.
 *
 * <p>A <em>stable</em> slot has all its flows at its backend. After a slot is given another backend
 * it is <em>changing</em> for a limited time: flows that are not in the flow table are assumed to
 * be older than the change and stay on the previous backend. Then the slot is <em>settled</em>:
 * flows that are not in the flow table are at the current backend, but the table may still contain
 * flows at other backends. The states are those of "Load balancing with JET: Just Enough Tracking",
 * CoNEXT 2021, <a href="https://doi.org/10.1145/3485983.3494851">doi:10.1145/3485983.3494851</a>,
 * extended by a previous backend per slot.
 */
public final class RingSlots {

  /** The bits of the backend index: {@code KATRAN_SLOT_BACKEND}. */
  static final int BACKEND = (1 << 24) - 1;

  /** {@code KATRAN_SLOT_CHANGING}. */
  static final int CHANGING = 1 << 29;

  /** {@code KATRAN_SLOT_SETTLED}. */
  static final int SETTLED = 1 << 30;

  /**
   * What the slots of a ring are computed from. It takes little memory, whatever the number of
   * slots. Immutable. Definitions that are equal must compute equal slots.
   */
  public interface Definition {

    /** Returns the number of slots. */
    int size();

    /** Returns whether all slots are empty. */
    boolean isEmpty();

    /** Computes the backend of each slot. */
    RingBackends compute();
  }

  /**
   * What slots hold: each is an index of a table of the different contents, which are few.
   *
   * @param table the contents: a word in the format of the ABI, and in the upper half the previous
   *     backend
   * @param slots the position in the table of each slot's content
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by identity
  public record Contents(long[] table, char[] slots) {}

  /** The largest number of different contents that {@link Contents} can have. */
  static final int MAX_CONTENTS = Character.MAX_VALUE + 1;

  /** Slots that are given one by one. */
  private static final class Given implements Definition {

    private final int[] backends;

    Given(int[] backends) {
      this.backends = backends;
    }

    @Override
    public int size() {
      return backends.length;
    }

    @Override
    public boolean isEmpty() {
      return Arrays.stream(backends).allMatch(backend -> backend == Dataplane.NO_BACKEND);
    }

    @Override
    public RingBackends compute() {
      return RingBackends.of(backends);
    }

    @Override
    public boolean equals(Object object) {
      return object instanceof Given other && Arrays.equals(backends, other.backends);
    }

    @Override
    public int hashCode() {
      return Arrays.hashCode(backends);
    }
  }

  /** What the slots are computed from, except those that are not stable. */
  private final Definition definition;

  /** The slots that are not stable, in ascending order. */
  private final ImmutableIntArray unstable;

  /** Their words in the format of the ABI. */
  private final ImmutableIntArray unstableWords;

  /** Their previous backends. */
  private final ImmutableIntArray unstablePrevious;

  /** The backends that were computed, as long as they are in use. */
  private volatile WeakReference<RingBackends> computed = new WeakReference<>(null);

  /** Computed when it is first needed; 0 until then. */
  private int hash;

  private RingSlots(
      Definition definition,
      ImmutableIntArray unstable,
      ImmutableIntArray unstableWords,
      ImmutableIntArray unstablePrevious) {
    this.definition = definition;
    this.unstable = unstable;
    this.unstableWords = unstableWords;
    this.unstablePrevious = unstablePrevious;
  }

  /**
   * Creates a ring of stable slots that are computed when they are needed. Rings of a balancer with
   * thousands of VIPs would fill the heap; the dataplane has them already.
   */
  public static RingSlots stable(Definition definition) {
    ImmutableIntArray none = ImmutableIntArray.of();
    return new RingSlots(definition, none, none, none);
  }

  /**
   * Creates a ring of stable slots.
   *
   * @param backends the backend index of each slot, or {@link Dataplane#NO_BACKEND}
   */
  public static RingSlots stable(int[] backends) {
    return stable(new Given(backends.clone()));
  }

  /**
   * Checks the number of slots.
   *
   * @throws IllegalArgumentException if it differs from the expected number
   */
  public void checkSize(int expected) {
    if (size() != expected) {
      throw new IllegalArgumentException(
          "ring has %d slots, expected %d".formatted(size(), expected));
    }
  }

  /** Returns the number of slots. */
  public int size() {
    return definition.size();
  }

  /** Returns the index of a slot's backend, or {@link Dataplane#NO_BACKEND}. */
  public int backend(int slot) {
    int index = find(slot);
    return index < 0 ? backends().of(slot) : backendAt(index);
  }

  /** Returns the position of a slot among those that are not stable; negative if it is stable. */
  private int find(int slot) {
    int low = 0;
    int high = unstable.length() - 1;
    while (low <= high) {
      int middle = (low + high) >>> 1;
      int found = unstable.get(middle);
      if (found == slot) {
        return middle;
      }
      if (found < slot) {
        low = middle + 1;
      } else {
        high = middle - 1;
      }
    }
    return -1;
  }

  /**
   * Returns the index of a changing slot's previous backend. Other slots return {@link
   * Dataplane#NO_BACKEND}.
   */
  public int previous(int slot) {
    int index = find(slot);
    return index < 0 ? Dataplane.NO_BACKEND : unstablePrevious.get(index);
  }

  /** Returns whether a slot is stable. */
  public boolean isStable(int slot) {
    return find(slot) < 0;
  }

  /** Returns whether a slot is changing. */
  public boolean isChanging(int slot) {
    int index = find(slot);
    return index >= 0 && (unstableWords.get(index) & CHANGING) != 0;
  }

  /** Returns whether a slot is settled. */
  public boolean isSettled(int slot) {
    int index = find(slot);
    return index >= 0 && (unstableWords.get(index) & SETTLED) != 0;
  }

  /** Returns the slots that are not stable, in ascending order. */
  public ImmutableIntArray unstable() {
    return unstable;
  }

  /** Returns whether the slot at a position of {@link #unstable} is changing. */
  public boolean isChangingAt(int index) {
    return (unstableWords.get(index) & CHANGING) != 0;
  }

  /** Returns the backend of the slot at a position of {@link #unstable}. */
  public int backendAt(int index) {
    return unstableWords.get(index) & BACKEND;
  }

  /** Returns the previous backend of the slot at a position of {@link #unstable}. */
  public int previousAt(int index) {
    return unstablePrevious.get(index);
  }

  /** Returns whether all slots are stable. */
  public boolean isStable() {
    return unstable.isEmpty();
  }

  /** Returns whether all slots are stable and empty. */
  public boolean isEmpty() {
    return unstable.isEmpty() && definition.isEmpty();
  }

  /**
   * Returns the current backend of each slot. They are computed again once what the last call
   * returned is no longer in use.
   */
  public RingBackends backends() {
    RingBackends backends = computed.get();
    if (backends == null) {
      backends = definition.compute();
      computed = new WeakReference<>(backends);
    }
    return backends;
  }

  /**
   * Spares computing the backends, as long as the argument is in use.
   *
   * @param backends equal to {@link #backends}
   */
  public void remember(RingBackends backends) {
    computed = new WeakReference<>(backends);
  }

  /** Returns the slots whose current backend is another one in another ring of the same size. */
  public BitSet differing(RingSlots other) {
    RingBackends ours = backends();
    RingBackends theirs = other.backends();
    long[] differing = new long[Math.ceilDiv(size(), Long.SIZE)];
    for (int word = 0; word < differing.length; word++) {
      int from = word * Long.SIZE;
      int to = Math.min(from + Long.SIZE, size());
      long bits = 0;
      for (int slot = from; slot < to; slot++) {
        int difference = ours.of(slot) ^ theirs.of(slot);
        bits |= (long) ((difference | -difference) >>> 31) << slot; // a branch is mispredicted
      }
      differing[word] = bits;
    }
    return BitSet.valueOf(differing);
  }

  /** Returns what the slots hold, or null if that differs too much. */
  public @Nullable Contents contents() {
    RingBackends backends = backends();
    if (unstable.isEmpty()) {
      long[] table = new long[backends.table().length];
      Arrays.setAll(table, i -> backends.table()[i]);
      return new Contents(table, backends.slots());
    }
    Distinct distinct = new Distinct();
    for (int backend : backends.table()) {
      distinct.indexOf(backend);
    }
    char[] slots = backends.slots().clone();
    for (int i = 0; i < unstable.length(); i++) {
      int index =
          distinct.indexOf(unstableWords.get(i) | (long) unstablePrevious.get(i) << Integer.SIZE);
      if (index == MAX_CONTENTS) {
        return null;
      }
      slots[unstable.get(i)] = (char) index;
    }
    return new Contents(distinct.toArray(), slots);
  }

  /** Returns the slots in the format of the ABI. */
  public int[] words() {
    int[] words = backends().toArray();
    for (int i = 0; i < unstable.length(); i++) {
      words[unstable.get(i)] = unstableWords.get(i);
    }
    return words;
  }

  /** Returns the previous backend of each slot, or null if no slot has one. */
  public int @Nullable [] previousBackends() {
    int[] previous = null;
    for (int i = 0; i < unstable.length(); i++) {
      if (unstablePrevious.get(i) != Dataplane.NO_BACKEND) {
        previous = previous == null ? new int[size()] : previous;
        previous[unstable.get(i)] = unstablePrevious.get(i);
      }
    }
    return previous;
  }

  /** Returns a builder with a copy of these slots. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  /**
   * Returns whether two rings have equal slots. Computes none: rings with a {@link Definition}
   * equal those with an equal definition only.
   */
  @Override
  public boolean equals(Object object) {
    return object == this
        || (object instanceof RingSlots other
            && hashCode() == other.hashCode()
            && unstable.equals(other.unstable)
            && unstableWords.equals(other.unstableWords)
            && unstablePrevious.equals(other.unstablePrevious)
            && definition.equals(other.definition));
  }

  @Override
  public int hashCode() {
    if (hash == 0) {
      hash =
          31 * (31 * definition.hashCode() + unstableWords.hashCode())
              + unstablePrevious.hashCode();
    }
    return hash;
  }

  /** Returns text such as {@code 65537 slots}. */
  @Override
  public String toString() {
    return size() + " slots";
  }

  /**
   * Returns a ring of these backends in which some slots are not stable.
   *
   * @return a list to which the slots are added in ascending order
   */
  public Unstable withUnstable() {
    return withUnstable(0);
  }

  /**
   * Returns a ring of these backends in which some slots are not stable.
   *
   * @param expected about how many
   * @return a list to which the slots are added in ascending order
   */
  public Unstable withUnstable(int expected) {
    return new Unstable(this, expected);
  }

  /**
   * Returns the ring in which some slots of this one, whose slots are all stable, are not.
   *
   * @param words the slots of the ring in the format of the ABI
   * @param previous returns the previous backend of a changing slot
   */
  public RingSlots withUnstable(int[] words, IntUnaryOperator previous) {
    int states = 0;
    for (int word : words) {
      states |= word;
    }
    if ((states & (CHANGING | SETTLED)) == 0) {
      return this;
    }
    Unstable unstable = withUnstable();
    for (int slot = 0; slot < words.length; slot++) {
      int word = words[slot];
      if ((word & CHANGING) != 0) {
        unstable.changing(slot, word & BACKEND, previous.applyAsInt(slot));
      } else if ((word & SETTLED) != 0) {
        unstable.settled(slot, word & BACKEND);
      }
    }
    return unstable.build();
  }

  /** A list of the slots that are not stable. Not safe for use by several threads at once. */
  public static final class Unstable {

    private final RingSlots ring;
    private final ImmutableIntArray.Builder slots;
    private final ImmutableIntArray.Builder words;
    private final ImmutableIntArray.Builder previous;

    private Unstable(RingSlots ring, int expected) {
      this.ring = ring;
      this.slots = ImmutableIntArray.builder(expected);
      this.words = ImmutableIntArray.builder(expected);
      this.previous = ImmutableIntArray.builder(expected);
    }

    /** Adds a slot that changes from its previous backend to another one. */
    public void changing(int slot, int backend, int previousBackend) {
      add(slot, backend | CHANGING, previousBackend);
    }

    /** Adds a settled slot. */
    public void settled(int slot, int backend) {
      add(slot, backend | SETTLED, Dataplane.NO_BACKEND);
    }

    private void add(int slot, int word, int previousBackend) {
      slots.add(slot);
      words.add(word);
      previous.add(previousBackend);
    }

    /** Creates the ring. */
    public RingSlots build() {
      return new RingSlots(
          ring.definition,
          slots.build().trimmed(),
          words.build().trimmed(),
          previous.build().trimmed());
    }
  }

  /** Changes slots one by one. Not safe for use by several threads at once. */
  public static final class Builder {

    private final int[] words;
    private final int[] previous;

    private Builder(RingSlots from) {
      words = from.words();
      int[] known = from.previousBackends();
      previous = known == null ? new int[words.length] : known;
    }

    /** Makes a slot stable at a backend. */
    public Builder stable(int slot, int backend) {
      return set(slot, backend, Dataplane.NO_BACKEND);
    }

    /** Makes a slot change from its previous backend to another one. */
    public Builder changing(int slot, int backend, int previousBackend) {
      return set(slot, backend | CHANGING, previousBackend);
    }

    /** Makes a slot settled at a backend. */
    public Builder settled(int slot, int backend) {
      return set(slot, backend | SETTLED, Dataplane.NO_BACKEND);
    }

    private Builder set(int slot, int word, int previousBackend) {
      words[slot] = word;
      previous[slot] = previousBackend;
      return this;
    }

    /** Creates the ring. */
    public RingSlots build() {
      int[] backends = words.clone();
      for (int slot = 0; slot < words.length; slot++) {
        if ((words[slot] & (CHANGING | SETTLED)) != 0) {
          backends[slot] = words[slot] & BACKEND;
        }
      }
      Unstable unstable = RingSlots.stable(backends).withUnstable();
      for (int slot = 0; slot < words.length; slot++) {
        if ((words[slot] & (CHANGING | SETTLED)) != 0) {
          unstable.add(slot, words[slot], previous[slot]);
        }
      }
      return unstable.build();
    }
  }
}
