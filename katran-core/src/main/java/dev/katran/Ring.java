package dev.katran;

import static java.util.Objects.requireNonNull;

import dev.katran.ring.FlowHash;
import dev.katran.ring.Maglev;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToIntFunction;

/**
 * A consistent ring: each of its slots is served by a backend, and a flow's hash picks the slot.
 *
 * <p>Rings of the same limits, algorithm and backends are equal on every machine, in whatever order
 * the backends are given. When a backend comes or goes, few slots change hands but its own. A
 * backend that is draining or of weight 0 has no slot. A ring to which no backend is left is empty.
 *
 * <p>A ring of 65537 slots is built in about a millisecond, and takes 128 KiB.
 */
public final class Ring {

  private final Limits limits;
  private final List<Backend> backends;
  private final char[] slots;

  private Ring(Limits limits, List<Backend> backends, char[] slots) {
    this.limits = limits;
    this.backends = backends;
    this.slots = slots;
  }

  /**
   * The ring of some backends.
   *
   * @param limits of the balancer: the ring's size, and the seeds of the flow hash
   * @param algorithm how slots are given to backends
   * @param backends in any order
   * @throws IllegalArgumentException if two backends have the same address, or there are more than
   *     65535
   */
  public static Ring of(Limits limits, RingAlgorithm algorithm, List<Backend> backends) {
    requireNonNull(limits, "limits");
    requireNonNull(algorithm, "algorithm");
    Backend[] sorted = sorted(backends.toArray(Backend[]::new));
    int count = 0;
    for (int i = 0; i < sorted.length; i++) {
      if (i > 0 && Backend.RING_ORDER.compare(sorted[i - 1], sorted[i]) == 0) {
        throw new IllegalArgumentException(
            "backend %s is given twice".formatted(Addresses.text(sorted[i].address())));
      }
      if (sorted[i].takesNewFlows()) {
        count++;
      }
    }
    Backend[] taking = new Backend[count];
    long[] hashes = new long[count];
    int[] weights = new int[count];
    int next = 0;
    for (Backend backend : sorted) {
      if (backend.takesNewFlows()) {
        taking[next] = backend;
        hashes[next] = backend.hash();
        weights[next] = backend.weight();
        next++;
      }
    }
    int size = limits.ringSize();
    char[] slots =
        switch (algorithm) {
          case MAGLEV -> Maglev.fillByTurns(hashes, weights, size);
          case MAGLEV_V2 -> Maglev.fillByCredit(hashes, weights, size);
        };
    return new Ring(limits, List.of(taking), slots);
  }

  /**
   * The backends in the order of the ring. Their hashes are spread evenly, so that each hash tells
   * nearly where its backend belongs: fewer comparisons than other ways of sorting need, each of
   * which is a branch that nothing predicts.
   */
  private static Backend[] sorted(Backend[] backends) {
    int count = backends.length;
    int[] places = new int[count + 1];
    for (Backend backend : backends) {
      places[place(backend, count) + 1]++;
    }
    for (int i = 1; i < count; i++) {
      places[i] += places[i - 1];
    }
    Backend[] sorted = new Backend[count];
    for (Backend backend : backends) {
      sorted[places[place(backend, count)]++] = backend;
    }
    for (int i = 1; i < count; i++) {
      Backend backend = sorted[i];
      int hole = i;
      for (; hole > 0 && Backend.RING_ORDER.compare(sorted[hole - 1], backend) > 0; hole--) {
        sorted[hole] = sorted[hole - 1];
      }
      sorted[hole] = backend;
    }
    return sorted;
  }

  /** 0 to {@code count - 1}, the higher the hash is. */
  private static int place(Backend backend, int count) {
    return (int) Math.unsignedMultiplyHigh(backend.hash(), count);
  }

  /**
   * The ring of some backends by {@link RingAlgorithm#MAGLEV}, within default limits.
   *
   * @param backends in any order
   * @throws IllegalArgumentException if two backends have the same address, or there are more than
   *     65535
   */
  public static Ring maglev(List<Backend> backends) {
    return of(Limits.defaults(), RingAlgorithm.MAGLEV, backends);
  }

  /** How many slots there are, served or not. */
  public int size() {
    return limits.ringSize();
  }

  /** Whether no slot is served: there is no backend that takes new flows. */
  public boolean isEmpty() {
    return backends.isEmpty();
  }

  /** The backends that take new flows, in the ring's own order. */
  public List<Backend> backends() {
    return backends;
  }

  /**
   * The slot of a flow: its hash modulo {@link #size()}.
   *
   * <p>The flow is hashed as it is, by source address and both ports. What a VIP's {@link Hashing}
   * leaves out must be 0 in it.
   *
   * @return 0 to {@code size() - 1}, on an empty ring as well
   */
  public int slot(Flow flow) {
    int hash =
        FlowHash.hash(
            flow.source().getAddress(),
            flow.sourcePort(),
            flow.destinationPort(),
            limits.vips(),
            limits.ringSize());
    return FlowHash.slot(hash, limits.ringSize());
  }

  /**
   * The backend that serves a slot; none if the ring is empty.
   *
   * @param slot 0 to {@code size() - 1}
   * @throws IndexOutOfBoundsException if there is no such slot
   */
  public Optional<Backend> backend(int slot) {
    if (slot < 0 || slot >= slots.length) {
      throw new IndexOutOfBoundsException(
          "slot %d of a ring of %d slots".formatted(slot, slots.length));
    }
    return isEmpty() ? Optional.empty() : Optional.of(backends.get(slots[slot]));
  }

  /** The backend that serves a flow, hashed as {@link #slot} says; none if the ring is empty. */
  public Optional<Backend> backend(Flow flow) {
    return backend(slot(flow));
  }

  /** The fraction of slots, 0 to 1, that the backend at this address serves. */
  public double share(InetAddress backend) {
    for (int i = 0; i < backends.size(); i++) {
      if (backends.get(i).address().equals(backend)) {
        return (double) count(i) / size();
      }
    }
    return 0;
  }

  /** The fraction of slots, 0 to 1, that the backend at this one's address serves. */
  public double share(Backend backend) {
    return share(backend.address());
  }

  private int count(int index) {
    int count = 0;
    for (char slot : slots) {
      if (slot == index) {
        count++;
      }
    }
    return count;
  }

  /**
   * The fraction of slots, 0 to 1, that are served from another address in the other ring.
   *
   * <p>It is the fraction of new flows that go elsewhere when one ring replaces the other.
   *
   * @throws IllegalArgumentException if the other ring has another size
   */
  public double difference(Ring other) {
    if (size() != other.size()) {
      throw new IllegalArgumentException(
          "rings of %d and %d slots cannot be compared".formatted(size(), other.size()));
    }
    if (isEmpty() || other.isEmpty()) {
      return isEmpty() == other.isEmpty() ? 0 : 1;
    }
    Map<InetAddress, Integer> indices = new HashMap<>();
    for (int i = 0; i < backends.size(); i++) {
      indices.put(backends.get(i).address(), i);
    }
    int[] ours = other.numbers(backend -> indices.getOrDefault(backend.address(), -1));
    int differing = 0;
    for (int slot = 0; slot < slots.length; slot++) {
      if (slots[slot] != ours[other.slots[slot]]) {
        differing++;
      }
    }
    return (double) differing / size();
  }

  /**
   * The ring as the datapath wants it: for each slot the number of its backend, 0 if it has none.
   *
   * @param number gives a backend's number; called once for each of {@link #backends()}
   */
  int[] toNumbers(ToIntFunction<Backend> number) {
    int[] target = new int[size()];
    if (!isEmpty()) {
      int[] numbers = numbers(number);
      for (int slot = 0; slot < target.length; slot++) {
        target[slot] = numbers[slots[slot]];
      }
    }
    return target;
  }

  private int[] numbers(ToIntFunction<Backend> number) {
    return backends.stream().mapToInt(number).toArray();
  }

  /** Whether both rings send every flow to the same backend, of the same weight. */
  @Override
  public boolean equals(Object object) {
    return object instanceof Ring other
        && limits.vips() == other.limits.vips()
        && backends.equals(other.backends)
        && Arrays.equals(slots, other.slots);
  }

  @Override
  public int hashCode() {
    return backends.hashCode() * 31 + size();
  }

  /** As in {@code ring of 65537 slots [10.0.0.11, 10.0.0.12 weight 2]}. */
  @Override
  public String toString() {
    return "ring of %d slots %s".formatted(size(), backends);
  }
}
