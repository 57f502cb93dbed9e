package dev.katran;

import static java.util.Objects.requireNonNull;

import dev.katran.internal.ring.BackendHash;
import java.net.InetAddress;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * A server behind a {@link Vip}: its address, its weight, how it is reached, and whether it is
 * draining. Immutable. A backend may be IPv4 or IPv6 regardless of its VIP's family, except with
 * {@link Forwarding#rewrite()}.
 *
 * @since 0.1.0
 */
public final class Backend {

  /** The largest weight, {@value}. */
  public static final int MAX_WEIGHT = 1_000_000;

  /** Orders by unsigned hash, then by address and port, so that the order is total. */
  static final Comparator<Backend> RING_ORDER = Backend::compareOnRing;

  private final BackendKey key;
  private final int weight;
  private final boolean draining;

  /** What {@link #via} has set; null if the backend leaves it to its VIP. */
  private final @Nullable Forwarding own;

  private final Forwarding forwarding;
  private final boolean local;
  private final long hash;

  private Backend(
      BackendKey key,
      int weight,
      boolean draining,
      @Nullable Forwarding own,
      Forwarding forwarding,
      boolean local,
      long hash) {
    this.key = key;
    this.weight = weight;
    this.draining = draining;
    this.own = own;
    this.forwarding = forwarding;
    this.local = local;
    this.hash = hash;
  }

  /**
   * Returns a backend of weight 1 that is not draining and is reached as its VIP's {@link
   * Vip.Builder#forwarding} says, by default by IPIP.
   *
   * @param address IPv4 or IPv6 literal; host names are rejected
   * @throws IllegalArgumentException if it is not a literal, has a zone, or is IPv4-mapped,
   *     unspecified, loopback, broadcast, multicast or link-local IPv6
   */
  public static Backend of(String address) {
    return of(BackendKey.of(address));
  }

  /**
   * Returns a backend as {@link #of(String)} does.
   *
   * @throws IllegalArgumentException if the address has a zone, or is IPv4-mapped, unspecified,
   *     loopback, broadcast, multicast or link-local IPv6
   */
  public static Backend of(InetAddress address) {
    return of(BackendKey.of(address));
  }

  /** Returns a backend as {@link #of(String)} does, with the port of the key. */
  public static Backend of(BackendKey key) {
    return new Backend(key, 1, false, null, Vip.DEFAULT_FORWARDING, false, hash(key));
  }

  private static long hash(BackendKey key) {
    return BackendHash.of(key.address().getAddress(), key.port());
  }

  /** Returns the backend's identity. */
  public BackendKey key() {
    return key;
  }

  /** Returns the address that its packets are sent to. */
  public InetAddress address() {
    return key.address();
  }

  /** Returns the port that it serves at, 1 to 65535, or 0 for the port of its VIP. */
  public int port() {
    return key.port();
  }

  /** Returns its share of new flows relative to other backends, 0 to {@link #MAX_WEIGHT}. */
  public int weight() {
    return weight;
  }

  /** Returns whether it is draining: still in the VIP, but without ring slots. */
  public boolean draining() {
    return draining;
  }

  /**
   * Returns how packets reach it: what {@link #via} has set or, if nothing, what its VIP has for
   * such backends. A backend that is in no VIP is reached by IPIP then.
   */
  public Forwarding forwarding() {
    return forwarding;
  }

  /** Returns whether {@link #via} has set how packets reach it, rather than its VIP. */
  public boolean hasOwnForwarding() {
    return own != null;
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
   * Returns the backend at another port of this server, which is another backend with another
   * {@link #key}. Needs {@link Forwarding#rewrite()}, which changes the port of packets: the other
   * kinds deliver them as they came. A VIP refuses a port without it, see {@link
   * Vip.Builder#build}.
   *
   * @param port 1 to 65535, or 0 for the port of the VIP, the default
   * @throws IllegalArgumentException if it is out of range
   */
  public Backend port(int port) {
    BackendKey changed = BackendKey.of(key.address(), port);
    return new Backend(changed, weight, draining, own, forwarding, local, hash(changed));
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
    return new Backend(key, weight, draining, own, forwarding, local, hash);
  }

  /**
   * Returns this backend, draining or not.
   *
   * @param draining whether it gives up its ring slots; its weight is kept for later
   */
  public Backend draining(boolean draining) {
    return new Backend(key, weight, draining, own, forwarding, local, hash);
  }

  /**
   * Returns this backend, reached in a way of its own. The default is what its VIP has for all its
   * backends, see {@link Vip.Builder#forwarding}. All VIPs that share a backend must reach it the
   * same way: change them in one {@link LoadBalancer#apply}. Open flows stay where they are.
   */
  public Backend via(Forwarding forwarding) {
    requireNonNull(forwarding, "forwarding");
    return new Backend(key, weight, draining, forwarding, forwarding, local, hash);
  }

  /**
   * Returns this backend as the balancer's own host, or not. VIPs with {@linkplain
   * Vip.Builder#localDelivery local delivery} pass packets of a local backend to the host
   * unchanged. All VIPs that share a backend must agree, as for {@link #via}.
   */
  public Backend local(boolean local) {
    return new Backend(key, weight, draining, own, forwarding, local, hash);
  }

  /** Returns this backend in a VIP whose backends are reached like that unless they say else. */
  Backend inVip(Forwarding ofVip) {
    return own != null || forwarding.equals(ofVip)
        ? this
        : new Backend(key, weight, draining, null, ofVip, local, hash);
  }

  /** Returns the hash that orders backends on a ring and seeds their slot permutation. */
  long hash() {
    return hash;
  }

  private static int compareOnRing(Backend one, Backend other) {
    int order = Long.compareUnsigned(one.hash, other.hash);
    if (order == 0) {
      order = Arrays.compareUnsigned(one.address().getAddress(), other.address().getAddress());
    }
    return order != 0 ? order : Integer.compare(one.port(), other.port());
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof Backend other
        && key.equals(other.key)
        && weight == other.weight
        && draining == other.draining
        && Objects.equals(own, other.own)
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
   * value, and how it is reached if its VIP decides that, are left out.
   */
  @Override
  public String toString() {
    return key
        + (weight == 1 ? "" : " weight " + weight)
        + (draining ? " draining" : "")
        + (own == null ? "" : " via " + own)
        + (local ? " local" : "");
  }
}
