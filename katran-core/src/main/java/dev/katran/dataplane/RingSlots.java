package dev.katran.dataplane;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A ring as a dataplane holds it: for each slot the number of its backend and, after a change,
 * whether that is the whole truth. Immutable.
 *
 * <p>A slot is <em>stable</em> if all of its flows are at its backend. It is <em>changing</em> for
 * a while after it got another backend: what is not known of its flows is taken to be older, and
 * stays at the previous one. Then it is <em>settled</em>: what is not known is at its backend, but
 * the flow table may know flows that are elsewhere.
 */
public final class RingSlots {

  /** {@code KATRAN_SLOT_BACKEND}, {@code KATRAN_SLOT_CHANGING} and {@code KATRAN_SLOT_SETTLED}. */
  static final int BACKEND = (1 << 24) - 1;

  static final int CHANGING = 1 << 29;
  static final int SETTLED = 1 << 30;

  private final int[] words;
  private final int @Nullable [] previous;

  private RingSlots(int[] words, int @Nullable [] previous) {
    this.words = words;
    this.previous = previous;
  }

  /** A ring all of whose slots are stable, at the backends of these numbers. */
  public static RingSlots stable(int[] backends) {
    return new RingSlots(backends.clone(), null);
  }

  /** How many slots there are. */
  public int size() {
    return words.length;
  }

  /** The number of the slot's backend; {@link Dataplane#NO_BACKEND} if it has none. */
  public int backend(int slot) {
    return words[slot] & BACKEND;
  }

  /**
   * The number of the backend that a changing slot had; {@link Dataplane#NO_BACKEND} for others.
   */
  public int previous(int slot) {
    return previous == null ? Dataplane.NO_BACKEND : previous[slot];
  }

  /** Whether the slot is stable. */
  public boolean isStable(int slot) {
    return (words[slot] & ~BACKEND) == 0;
  }

  /** Whether the slot is changing. */
  public boolean isChanging(int slot) {
    return (words[slot] & CHANGING) != 0;
  }

  /** Whether the slot is settled. */
  public boolean isSettled(int slot) {
    return (words[slot] & SETTLED) != 0;
  }

  /** Whether every slot is stable. */
  public boolean isStable() {
    for (int word : words) {
      if ((word & ~BACKEND) != 0) {
        return false;
      }
    }
    return true;
  }

  /** Whether no slot has a backend, now or before. */
  public boolean isEmpty() {
    for (int word : words) {
      if (word != 0) {
        return false;
      }
    }
    return true;
  }

  /** The slots as the program reads them, not to be changed. */
  int[] words() {
    return words;
  }

  /** The previous backends as the program reads them, not to be changed; null if there are none. */
  int @Nullable [] previousNumbers() {
    return previous;
  }

  /** To make another ring of this one. */
  public Builder toBuilder() {
    return new Builder(this);
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof RingSlots other
        && Arrays.equals(words, other.words)
        && Arrays.equals(previous, other.previous);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(words);
  }

  /** Sets slots one by one; not safe for use by several threads at once. */
  public static final class Builder {

    private final int[] words;
    private int @Nullable [] previous;

    private Builder(RingSlots from) {
      words = from.words.clone();
      previous = from.previous == null ? null : from.previous.clone();
    }

    /** The slot's flows are all at this backend. */
    public Builder stable(int slot, int backend) {
      return set(slot, backend, Dataplane.NO_BACKEND);
    }

    /** The slot has this backend after having had the previous one. */
    public Builder changing(int slot, int backend, int previousBackend) {
      return set(slot, backend | CHANGING, previousBackend);
    }

    /** The slot has this backend, and the flow table may know flows that are elsewhere. */
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

    /** The ring, which takes the builder's memory: the builder is of no use any more. */
    public RingSlots build() {
      boolean hasPrevious = previous != null && Arrays.stream(previous).anyMatch(each -> each != 0);
      return new RingSlots(words, hasPrevious ? previous : null);
    }
  }
}
