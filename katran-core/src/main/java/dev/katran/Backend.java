package dev.katran;

import static java.util.Objects.requireNonNull;

import dev.katran.ring.BackendHash;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;

/**
 * A server behind a {@link Vip}: its address, its weight, and whether it is draining.
 *
 * <p>A backend may be IPv4 or IPv6, whatever its VIP is.
 */
public final class Backend {

  /** The largest weight, {@value}. */
  public static final int MAX_WEIGHT = 1_000_000;

  /** Ascending unsigned hash; equal hashes by address, so that the order is always the same. */
  static final Comparator<Backend> RING_ORDER = Backend::compareOnRing;

  private final InetAddress address;
  private final int weight;
  private final boolean draining;
  private final Encapsulation encapsulation;
  private final boolean local;
  private final long hash;

  private Backend(
      InetAddress address,
      int weight,
      boolean draining,
      Encapsulation encapsulation,
      boolean local,
      long hash) {
    this.address = address;
    this.weight = weight;
    this.draining = draining;
    this.encapsulation = encapsulation;
    this.local = local;
    this.hash = hash;
  }

  /**
   * A backend of weight 1, not draining.
   *
   * @param address IPv4 or IPv6 literal; names are not looked up
   * @throws IllegalArgumentException if it is no literal, has a zone, or is IPv4-mapped,
   *     unspecified or multicast
   */
  public static Backend of(String address) {
    return of(Addresses.parse("backend", address));
  }

  /**
   * A backend of weight 1, not draining.
   *
   * @throws IllegalArgumentException if the address has a zone, or is IPv4-mapped, unspecified or
   *     multicast
   */
  public static Backend of(InetAddress address) {
    Addresses.checkUnicast("backend", address);
    return new Backend(
        address, 1, false, Encapsulation.ipip(), false, BackendHash.of(address.getAddress()));
  }

  /** Where packets for this backend are sent. */
  public InetAddress address() {
    return address;
  }

  /** How many new flows it takes compared to the others: 0 to {@link #MAX_WEIGHT}. */
  public int weight() {
    return weight;
  }

  /** Whether it has left the ring, but not the VIP. */
  public boolean draining() {
    return draining;
  }

  /** What packets for it are wrapped in. */
  public Encapsulation encapsulation() {
    return encapsulation;
  }

  /** Whether this host serves it, see {@link #local(boolean)}. */
  public boolean local() {
    return local;
  }

  /** Whether it has a place on the ring: its weight is above 0 and it is not draining. */
  public boolean takesNewFlows() {
    return weight > 0 && !draining;
  }

  /**
   * This backend with another weight.
   *
   * @param weight how many new flows it takes compared to the others, 0 to {@link #MAX_WEIGHT}; 0:
   *     it takes no new flows. What a weight means exactly depends on the {@link RingAlgorithm}.
   * @throws IllegalArgumentException if it is out of range
   */
  public Backend weight(int weight) {
    if (weight < 0 || weight > MAX_WEIGHT) {
      throw new IllegalArgumentException(
          "weight %d of backend %s is not in 0..%d"
              .formatted(weight, Addresses.text(address), MAX_WEIGHT));
    }
    return new Backend(address, weight, draining, encapsulation, local, hash);
  }

  /**
   * This backend, draining or not.
   *
   * @param draining whether it leaves the ring; it keeps its weight for the time when it takes
   *     flows again
   */
  public Backend draining(boolean draining) {
    return new Backend(address, weight, draining, encapsulation, local, hash);
  }

  /**
   * This backend, reached in this encapsulation; {@link Encapsulation#ipip()} unless said
   * otherwise. A backend of several VIPs is reached in the same by all of them: to change it,
   * change them in one {@link LoadBalancer#apply}. Its flows stay where they are.
   */
  public Backend via(Encapsulation encapsulation) {
    return new Backend(address, weight, draining, requireNonNull(encapsulation), local, hash);
  }

  /**
   * This backend, served by the balancer's own host or not: its packets then pass to the host as
   * they came, for VIPs with {@linkplain Vip.Builder#localDelivery local delivery}. Like the
   * encapsulation it is the same for all VIPs.
   */
  public Backend local(boolean local) {
    return new Backend(address, weight, draining, encapsulation, local, hash);
  }

  /** How it is reached, which is the same for all who name it. */
  Reach reach() {
    return new Reach(encapsulation, local);
  }

  /** Where it stands in the order of a ring, and the seed of its walk over the slots. */
  long hash() {
    return hash;
  }

  private static int compareOnRing(Backend one, Backend other) {
    int order = Long.compareUnsigned(one.hash, other.hash);
    return order != 0
        ? order
        : Arrays.compareUnsigned(one.address.getAddress(), other.address.getAddress());
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof Backend other
        && address.equals(other.address)
        && weight == other.weight
        && draining == other.draining
        && encapsulation.equals(other.encapsulation)
        && local == other.local;
  }

  @Override
  public int hashCode() {
    return Objects.hash(address, weight, draining, encapsulation, local);
  }

  /** As in {@code 10.0.0.11 weight 2 draining}; a weight of 1 and IPIP are left out. */
  @Override
  public String toString() {
    return Addresses.text(address)
        + (weight == 1 ? "" : " weight " + weight)
        + (draining ? " draining" : "")
        + (encapsulation.equals(Encapsulation.ipip()) ? "" : " via " + encapsulation)
        + (local ? " local" : "");
  }
}
