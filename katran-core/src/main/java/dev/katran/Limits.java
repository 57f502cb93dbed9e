package dev.katran;

import java.util.Objects;
import java.util.function.Consumer;

/**
 * The capacities that a balancer reserves when it opens and cannot change afterwards. Immutable:
 * each method with an argument returns a changed copy.
 *
 * <p>{@link #ringSize} and {@link #hashSeed} are inputs of the flow hash. Every balancer of a fleet
 * must use the same values, or they send the same flow to different backends. All other limits are
 * capacities: they may differ between balancers and may be raised at any time.
 *
 * @since 0.1.0
 */
public final class Limits {

  private static final int MAX_VIPS = 1 << 16;
  private static final int MAX_BACKENDS = (1 << 17) - 1; // two numbers each fit into a FlowWord
  private static final int MAX_RING_SIZE = 16_777_213; // the largest prime below 2^24
  private static final int ETHERNET_HEADER = 14;
  private static final int MIN_DATAGRAM = 576; // RFC 791: what every host must accept
  private static final int MAX_DATAGRAM = 65535;
  private static final int MIN_FLOW_TABLE_SIZE = 1024;
  private static final int MAX_FLOW_TABLE_SIZE = 1 << 27;
  private static final int MAX_SERVER_IDS = 1 << 24;
  private static final int MAX_SOURCE_ROUTES = 1 << 24;

  private static final Limits DEFAULTS = new Limits(new Values());

  /** The numbers, mutable while a copy is being made. */
  private static final class Values implements Cloneable {
    private int vips = 512;
    private int backends = 4096;
    private int ringSize = 65537;
    private int hashSeed = 512;
    private int maxPacketSize = 1514;
    private int flowTableSize = 2_000_000;
    private int serverIds = 1 << 16;
    private int sourceRoutes = 3_000_000;

    @Override
    protected Values clone() {
      try {
        return (Values) super.clone();
      } catch (CloneNotSupportedException e) {
        throw new AssertionError(e);
      }
    }
  }

  private final Values values;

  private Limits(Values values) {
    this.values = values;
  }

  /** Returns the default limits, which suit most balancers. */
  public static Limits defaults() {
    return DEFAULTS;
  }

  /** Returns how many VIPs there can be. The default is 512. */
  public int vips() {
    return values.vips;
  }

  /** Returns how many backends there can be, over all VIPs. The default is 4096. */
  public int backends() {
    return values.backends;
  }

  /** Returns the number of slots in a ring. The default is 65537. */
  public int ringSize() {
    return values.ringSize;
  }

  /** Returns the seed of the flow hash. The default is 512. */
  public int hashSeed() {
    return values.hashSeed;
  }

  /** Returns the size of the largest frame that is forwarded, in bytes. The default is 1514. */
  public int maxPacketSize() {
    return values.maxPacketSize;
  }

  /** Returns how many entries the flow table has room for. The default is 2,000,000. */
  public int flowTableSize() {
    return values.flowTableSize;
  }

  /** Returns how many server ids there can be. The default is 65536. */
  public int serverIds() {
    return values.serverIds;
  }

  /**
   * Returns how many source routes there can be of each address family. The default is 3,000,000.
   */
  public int sourceRoutes() {
    return values.sourceRoutes;
  }

  /**
   * Returns these limits with another number of VIPs.
   *
   * @param vips 1 to 65536
   * @throws IllegalArgumentException if it is out of range
   */
  public Limits vips(int vips) {
    checkRange("vips", vips, 1, MAX_VIPS);
    return with(changed -> changed.vips = vips);
  }

  /**
   * Returns these limits with another number of backends, over all VIPs.
   *
   * @param backends 1 to 131071; a single VIP can have 65535 that take new flows
   * @throws IllegalArgumentException if it is out of range
   */
  public Limits backends(int backends) {
    checkRange("backends", backends, 1, MAX_BACKENDS);
    return with(changed -> changed.backends = backends);
  }

  /**
   * Returns these limits with another number of slots in a ring. Shares of backends are exact to
   * about one slot, so use at least 100 slots per backend of a VIP. A ring in use takes 8 bytes per
   * slot in the kernel and a file descriptor; VIPs with equal backends share one while none of its
   * slots is changing.
   *
   * @param ringSize a prime, 2 to 16777213
   * @throws IllegalArgumentException if it is out of range
   */
  public Limits ringSize(int ringSize) {
    checkRange("ringSize", ringSize, 2, MAX_RING_SIZE);
    if (!isPrime(ringSize)) {
      throw new IllegalArgumentException(
          "ringSize %d is not a prime; the next prime is %d"
              .formatted(ringSize, nextPrime(ringSize)));
    }
    return with(changed -> changed.ringSize = ringSize);
  }

  /**
   * Returns these limits with another seed of the flow hash. A mixed fleet needs the value that the
   * C++ Katran is configured with as {@code max_vips}; changing it moves most flows to other
   * backends.
   *
   * @param hashSeed 1 to 65536
   * @throws IllegalArgumentException if it is out of range
   */
  public Limits hashSeed(int hashSeed) {
    checkRange("hashSeed", hashSeed, 1, MAX_VIPS);
    return with(changed -> changed.hashSeed = hashSeed);
  }

  /**
   * Returns these limits with another size of the largest frame that is forwarded, its Ethernet
   * header of 14 bytes included. The path to the backends needs room for the outer headers on top;
   * packets for a backend whose path has less are limited further, see {@link
   * LoadBalancerBuilder#sendPacketTooBig}.
   *
   * @param maxPacketSize 590 to 65549 bytes
   * @throws IllegalArgumentException if it is out of range
   */
  public Limits maxPacketSize(int maxPacketSize) {
    checkRange(
        "maxPacketSize",
        maxPacketSize,
        ETHERNET_HEADER + MIN_DATAGRAM,
        ETHERNET_HEADER + MAX_DATAGRAM);
    return with(changed -> changed.maxPacketSize = maxPacketSize);
  }

  /**
   * Returns these limits with another size of the flow table. An entry takes 56 bytes of kernel
   * memory. All CPUs share the table. Each flow has one bucket of eight entries, so a table should
   * have room for twice the flows that are expected: then 1 % of them find no place, and with four
   * times as many, one in 7,000. See {@link Flows} for what a flow without a place means.
   *
   * @param flowTableSize 1024 to 134217728 entries
   * @throws IllegalArgumentException if it is out of range
   */
  public Limits flowTableSize(int flowTableSize) {
    checkRange("flowTableSize", flowTableSize, MIN_FLOW_TABLE_SIZE, MAX_FLOW_TABLE_SIZE);
    return with(changed -> changed.flowTableSize = flowTableSize);
  }

  /**
   * Returns these limits with another number of server ids.
   *
   * @param serverIds 1 to 16777216
   * @throws IllegalArgumentException if it is out of range
   */
  public Limits serverIds(int serverIds) {
    checkRange("serverIds", serverIds, 1, MAX_SERVER_IDS);
    return with(changed -> changed.serverIds = serverIds);
  }

  /**
   * Returns these limits with another number of source routes of each address family. Only routes
   * in use take memory.
   *
   * @param sourceRoutes 1 to 16777216
   * @throws IllegalArgumentException if it is out of range
   */
  public Limits sourceRoutes(int sourceRoutes) {
    checkRange("sourceRoutes", sourceRoutes, 1, MAX_SOURCE_ROUTES);
    return with(changed -> changed.sourceRoutes = sourceRoutes);
  }

  private Limits with(Consumer<Values> change) {
    Values changed = values.clone();
    change.accept(changed);
    return new Limits(changed);
  }

  private static void checkRange(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s %d is not in %d..%d".formatted(what, value, least, most));
    }
  }

  /** Returns the smallest prime that is not below a number. */
  private static int nextPrime(int number) {
    int candidate = number;
    while (!isPrime(candidate)) {
      candidate++;
    }
    return candidate;
  }

  private static boolean isPrime(int number) {
    for (int divisor = 2; divisor * divisor <= number; divisor++) {
      if (number % divisor == 0) {
        return false;
      }
    }
    return true;
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof Limits other
        && values.vips == other.values.vips
        && values.backends == other.values.backends
        && values.ringSize == other.values.ringSize
        && values.hashSeed == other.values.hashSeed
        && values.maxPacketSize == other.values.maxPacketSize
        && values.flowTableSize == other.values.flowTableSize
        && values.serverIds == other.values.serverIds
        && values.sourceRoutes == other.values.sourceRoutes;
  }

  @Override
  public int hashCode() {
    return Objects.hash(
        values.vips,
        values.backends,
        values.ringSize,
        values.hashSeed,
        values.maxPacketSize,
        values.flowTableSize,
        values.serverIds,
        values.sourceRoutes);
  }

  /** Returns all limits, as in {@code vips 512, backends 4096, ...}. */
  @Override
  public String toString() {
    return "vips %d, backends %d, ringSize %d, hashSeed %d, maxPacketSize %d, flowTableSize %d, serverIds %d, sourceRoutes %d"
        .formatted(
            values.vips,
            values.backends,
            values.ringSize,
            values.hashSeed,
            values.maxPacketSize,
            values.flowTableSize,
            values.serverIds,
            values.sourceRoutes);
  }
}
