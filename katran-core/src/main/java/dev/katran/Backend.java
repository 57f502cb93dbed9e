package dev.katran;

import static java.util.Objects.requireNonNull;

import dev.katran.internal.net.Addresses;
import dev.katran.internal.ring.BackendHash;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Comparator;

/**
 * A server behind a {@link Vip}: its address, its weight, how it is reached, and whether it is
 * draining. Immutable. A backend may be IPv4 or IPv6 regardless of its VIP's family.
 *
 * @since 0.1.0
 */
public final class Backend {

  /** The largest weight, {@value}. */
  public static final int MAX_WEIGHT = 1_000_000;

  /** Orders by unsigned hash, then by address, so that the order is total. */
  static final Comparator<Backend> RING_ORDER = Backend::compareOnRing;

  private final BackendKey key;
  private final int weight;
  private final boolean draining;
  private final Forwarding forwarding;
  private final boolean local;
  private final long hash;

  private Backend(
      BackendKey key,
      int weight,
      boolean draining,
      Forwarding forwarding,
      boolean local,
      long hash) {
    this.key = key;
    this.weight = weight;
    this.draining = draining;
    this.forwarding = forwarding;
    this.local = local;
    this.hash = hash;
  }

  /**
   * Returns a backend of weight 1 that is not draining and is reached by IPIP.
   *
   * @param address IPv4 or IPv6 literal; host names are rejected
   * @throws IllegalArgumentException if it is not a literal, has a zone, or is IPv4-mapped,
   *     unspecified, loopback, broadcast, multicast or link-local IPv6
   */
  public static Backend of(String address) {
    return of(BackendKey.of(address));
  }

  /**
   * Returns a backend of weight 1 that is not draining and is reached by IPIP.
   *
   * @throws IllegalArgumentException if the address has a zone, or is IPv4-mapped, unspecified,
   *     loopback, broadcast, multicast or link-local IPv6
   */
  public static Backend of(InetAddress address) {
    return of(BackendKey.of(address));
  }

  /** Returns a backend of weight 1 that is not draining and is reached by IPIP. */
  public static Backend of(BackendKey key) {
    return new Backend(
        key, 1, false, Forwarding.ipip(), false, BackendHash.of(key.address().getAddress()));
  }

  /** Returns the backend's identity. */
  public BackendKey key() {
    return key;
  }

  /** Returns the address that its packets are sent to. */
  public InetAddress address() {
    return key.address();
  }

  /** Returns its share of new flows relative to other backends, 0 to {@link #MAX_WEIGHT}. */
  public int weight() {
    return weight;
  }

  /** Returns whether it is draining: still in the VIP, but without ring slots. */
  public boolean draining() {
    return draining;
  }

  /** Returns how packets to it are encapsulated. */
  public Forwarding forwarding() {
    return forwarding;
  }

  /** Returns whether it is this host, see {@link #local(boolean)}. */
  public boolean local() {
    return local;
  }

  /** Returns whether it has ring slots: its weight is above 0 and it is not draining. */
  public boolean takesNewFlows() {
    return weight > 0 && !draining;
  }

  /**
   * Returns this backend with another weight.
   *
   * @param weight its share of new flows relative to other backends, 0 to {@link #MAX_WEIGHT}; 0
   *     takes no new flows. The {@link RingAlgorithm} defines the exact shares
   * @throws IllegalArgumentException if it is out of range
   */
  public Backend weight(int weight) {
    if (weight < 0 || weight > MAX_WEIGHT) {
      throw new IllegalArgumentException(
          "weight %d of backend %s is not in 0..%d".formatted(weight, key, MAX_WEIGHT));
    }
    return new Backend(key, weight, draining, forwarding, local, hash);
  }

  /**
   * Returns this backend, draining or not.
   *
   * @param draining whether it gives up its ring slots; its weight is kept for later
   */
  public Backend draining(boolean draining) {
    return new Backend(key, weight, draining, forwarding, local, hash);
  }

  /**
   * Returns this backend with another encapsulation. The default is {@link Forwarding#ipip()}. All
   * VIPs that share a backend must reach it the same way: change them in one {@link
   * LoadBalancer#apply}. Open flows stay where they are.
   */
  public Backend via(Forwarding forwarding) {
    requireNonNull(forwarding, "forwarding");
    return new Backend(key, weight, draining, forwarding, local, hash);
  }

  /**
   * Returns this backend as the balancer's own host, or not. VIPs with {@linkplain
   * Vip.Builder#localDelivery local delivery} pass packets of a local backend to the host
   * unchanged. All VIPs that share a backend must agree, as for {@link #via}.
   */
  public Backend local(boolean local) {
    return new Backend(key, weight, draining, forwarding, local, hash);
  }

  /** Returns the hash that orders backends on a ring and seeds their slot permutation. */
  long hash() {
    return hash;
  }

  private static int compareOnRing(Backend one, Backend other) {
    int order = Long.compareUnsigned(one.hash, other.hash);
    return order != 0
        ? order
        : Arrays.compareUnsigned(one.address().getAddress(), other.address().getAddress());
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof Backend other
        && key.equals(other.key)
        && weight == other.weight
        && draining == other.draining
        && forwarding.equals(other.forwarding)
        && local == other.local;
  }

  @Override
  public int hashCode() {
    return 31 * Long.hashCode(hash)
        + 2 * weight
        + (draining ? 1 : 0); // cheap: many are hashed per change
  }

  /**
   * Returns text such as {@code 10.0.0.11 weight 2 draining}. Settings that have their default
   * value are left out.
   */
  @Override
  public String toString() {
    return Addresses.text(address())
        + (weight == 1 ? "" : " weight " + weight)
        + (draining ? " draining" : "")
        + (forwarding.equals(Forwarding.ipip()) ? "" : " via " + forwarding)
        + (local ? " local" : "");
  }
}
