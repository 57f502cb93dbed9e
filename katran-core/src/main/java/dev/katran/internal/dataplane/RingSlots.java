package dev.katran.internal.dataplane;

import java.lang.ref.WeakReference;
import java.util.Arrays;
import java.util.Objects;
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

    /** Computes the backend index of each slot, or {@link Dataplane#NO_BACKEND}. */
    int[] compute();
  }

  /** Null if {@link #definition} is not. */
  private final int @Nullable [] given;

  private final int @Nullable [] previous;

  /** What the slots are computed from, all stable; null if they are given. */
  private final @Nullable Definition definition;

  /** The slots that were computed, as long as they are in use. */
  private volatile WeakReference<int[]> computed = new WeakReference<>(null);

  /** Computed when it is first needed, because rings are large; 0 until then. */
  private int hash;

  private RingSlots(int[] words, int @Nullable [] previous) {
    this.given = words;
    this.previous = previous;
    this.definition = null;
  }

  private RingSlots(Definition definition) {
    this.given = null;
    this.previous = null;
    this.definition = definition;
  }

  /**
   * Creates a ring of stable slots that are computed when they are needed. Rings of a balancer with
   * thousands of VIPs would fill the heap; the dataplane has them already.
   */
  public static RingSlots stable(Definition definition) {
    return new RingSlots(definition);
  }

  /**
   * Creates a ring of stable slots.
   *
   * @param backends the backend index of each slot, or {@link Dataplane#NO_BACKEND}
   */
  public static RingSlots stable(int[] backends) {
    return new RingSlots(backends.clone(), null);
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
    return definition == null ? words().length : definition.size();
  }

  /** Returns the index of a slot's backend, or {@link Dataplane#NO_BACKEND}. */
  public int backend(int slot) {
    return words()[slot] & BACKEND;
  }

  /**
   * Returns the index of a changing slot's previous backend. Other slots return {@link
   * Dataplane#NO_BACKEND}.
   */
  public int previous(int slot) {
    return previous == null ? Dataplane.NO_BACKEND : previous[slot];
  }

  /** Returns whether a slot is stable. */
  public boolean isStable(int slot) {
    return definition != null || (words()[slot] & ~BACKEND) == 0;
  }

  /** Returns whether a slot is changing. */
  public boolean isChanging(int slot) {
    return definition == null && (words()[slot] & CHANGING) != 0;
  }

  /** Returns whether a slot is settled. */
  public boolean isSettled(int slot) {
    return definition == null && (words()[slot] & SETTLED) != 0;
  }

  /** Returns whether all slots are stable. */
  public boolean isStable() {
    if (definition != null) {
      return true;
    }
    for (int word : words()) {
      if ((word & ~BACKEND) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Returns whether all slots are stable and empty. */
  public boolean isEmpty() {
    if (definition != null) {
      return definition.isEmpty();
    }
    for (int word : words()) {
      if (word != 0) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns the slots in the format of the ABI. The caller must not modify the array. If they are
   * computed, that is done again once the array of the last call is no longer in use.
   */
  public int[] words() {
    if (definition == null) {
      return Objects.requireNonNull(given);
    }
    int[] words = computed.get();
    if (words == null) {
      words = definition.compute();
      computed = new WeakReference<>(words);
    }
    return words;
  }

  /**
   * Returns the previous backend of each slot, or null if no slot has one. The caller must not
   * modify the array.
   */
  public int @Nullable [] previousBackends() {
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
            && Objects.equals(definition, other.definition)
            && Arrays.equals(given, other.given)
            && Arrays.equals(previous, other.previous));
  }

  @Override
  public int hashCode() {
    if (hash == 0) {
      hash =
          definition == null
              ? 31 * Arrays.hashCode(given) + Arrays.hashCode(previous)
              : definition.hashCode();
    }
    return hash;
  }

  /** Returns text such as {@code 65537 slots}. */
  @Override
  public String toString() {
    return size() + " slots";
  }

  /** Changes slots one by one. Not safe for use by several threads at once. */
  public static final class Builder {

    private final int[] words;
    private int @Nullable [] previous;

    private Builder(RingSlots from) {
      words = from.words().clone();
      previous = from.previous == null ? null : from.previous.clone();
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
      if (previous == null && previousBackend != Dataplane.NO_BACKEND) {
        previous = new int[words.length];
      }
      if (previous != null) {
        previous[slot] = previousBackend;
      }
      return this;
    }

    /** Creates the ring. It shares the builder's arrays, so the builder must not be used again. */
    public RingSlots build() {
      boolean hasPrevious = previous != null && Arrays.stream(previous).anyMatch(each -> each != 0);
      return new RingSlots(words, hasPrevious ? previous : null);
    }
  }
}
