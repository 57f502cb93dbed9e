package dev.katran;

import dev.katran.ring.Maglev;

/**
 * How large a balancer can grow: what it reserves when it opens, and cannot change afterwards.
 *
 * <p>{@code vips} and {@code ringSize} are also seeds of the flow hash. Every balancer of a fleet
 * must have the same, or they send the same flow to different backends.
 *
 * @param vips how many VIPs there can be, 1 to 65536; by default 512
 * @param backends how many backends there can be, over all VIPs, 1 to 65535; by default 4096
 * @param ringSize slots in a ring: a prime, at most 16777213; by default 65537. Shares of backends
 *     come out exact to about one slot, so have at least 100 times as many slots as a VIP has
 *     backends. A ring in use takes 8 bytes a slot in the kernel, and a file descriptor; VIPs with
 *     the same backends share one while none of their slots is changing.
 * @param maxPacketSize bytes of the largest frame that is forwarded, its Ethernet header of 14
 *     bytes included: 590 to 65549; by default 1514. The path to the backends must have room for
 *     the tunnel's headers besides.
 * @param flows entries of the flow table, 1024 to 134217728; by default 1000000. About 120 bytes
 *     each, from the first VIP on that is {@link Tracking tracked}. The least recently used make
 *     room for new ones.
 * @param serverIds entries of the server id table, 1 to 16777216; by default 65536
 * @param sourceRoutes entries of the source routing table of each family, 1 to 16777216; by default
 *     3000000. Only those in use cost memory.
 */
public record Limits(
    int vips,
    int backends,
    int ringSize,
    int maxPacketSize,
    int flows,
    int serverIds,
    int sourceRoutes) {

  private static final int DEFAULT_FLOWS = 1_000_000;
  private static final int DEFAULT_SERVER_IDS = 1 << 16;
  private static final int DEFAULT_SOURCE_ROUTES = 3_000_000;
  private static final Limits DEFAULTS = new Limits(512, 4096, 65537, 1514);

  private static final int MAX_FLOWS = 1 << 27;
  private static final int MIN_FLOWS = 1024;
  private static final int MAX_SERVER_IDS = 1 << 24;
  private static final int MAX_SOURCE_ROUTES = 1 << 24;

  private static final int MAX_VIPS = 1 << 16;
  private static final int MAX_RING_SIZE = 16_777_213; // the largest prime of 24 bits
  private static final int ETHERNET_HEADER = 14;
  private static final int MIN_DATAGRAM = 576; // RFC 791: what every host must accept
  private static final int MAX_DATAGRAM = 65535;

  /**
   * Limits, all given.
   *
   * @throws IllegalArgumentException if one is out of its range, or the ring's size is no prime
   */
  public Limits {
    checkRange("vips", vips, 1, MAX_VIPS);
    checkRange("backends", backends, 1, Maglev.MAX_BACKENDS);
    checkRange("ringSize", ringSize, 2, MAX_RING_SIZE);
    if (!isPrime(ringSize)) {
      throw new IllegalArgumentException(
          "ringSize %d is not a prime; the next one is %d"
              .formatted(ringSize, nextPrime(ringSize)));
    }
    checkRange(
        "maxPacketSize",
        maxPacketSize,
        ETHERNET_HEADER + MIN_DATAGRAM,
        ETHERNET_HEADER + MAX_DATAGRAM);
    checkRange("flows", flows, MIN_FLOWS, MAX_FLOWS);
    checkRange("serverIds", serverIds, 1, MAX_SERVER_IDS);
    checkRange("sourceRoutes", sourceRoutes, 1, MAX_SOURCE_ROUTES);
  }

  /**
   * Limits with the usual tables.
   *
   * @throws IllegalArgumentException as the constructor with all of them
   */
  public Limits(int vips, int backends, int ringSize, int maxPacketSize) {
    this(
        vips,
        backends,
        ringSize,
        maxPacketSize,
        DEFAULT_FLOWS,
        DEFAULT_SERVER_IDS,
        DEFAULT_SOURCE_ROUTES);
  }

  /** Limits that do for most: 512 VIPs, 4096 backends, 65537 slots, frames of 1514 bytes. */
  public static Limits defaults() {
    return DEFAULTS;
  }

  /**
   * These limits with another number of VIPs.
   *
   * @throws IllegalArgumentException if it is not in 1..65536
   */
  public Limits vips(int vips) {
    return new Limits(vips, backends, ringSize, maxPacketSize, flows, serverIds, sourceRoutes);
  }

  /**
   * These limits with another number of backends.
   *
   * @throws IllegalArgumentException if it is not in 1..65535
   */
  public Limits backends(int backends) {
    return new Limits(vips, backends, ringSize, maxPacketSize, flows, serverIds, sourceRoutes);
  }

  /**
   * These limits with another number of slots in a ring.
   *
   * @throws IllegalArgumentException if it is no prime, or above 16777213
   */
  public Limits ringSize(int ringSize) {
    return new Limits(vips, backends, ringSize, maxPacketSize, flows, serverIds, sourceRoutes);
  }

  /**
   * These limits with another size of the largest frame.
   *
   * @throws IllegalArgumentException if it is not in 590..65549
   */
  public Limits maxPacketSize(int maxPacketSize) {
    return new Limits(vips, backends, ringSize, maxPacketSize, flows, serverIds, sourceRoutes);
  }

  /**
   * These limits with another number of entries in the flow table.
   *
   * @throws IllegalArgumentException if it is not in 1024..134217728
   */
  public Limits flows(int flows) {
    return new Limits(vips, backends, ringSize, maxPacketSize, flows, serverIds, sourceRoutes);
  }

  /**
   * These limits with another number of server ids.
   *
   * @throws IllegalArgumentException if it is not in 1..16777216
   */
  public Limits serverIds(int serverIds) {
    return new Limits(vips, backends, ringSize, maxPacketSize, flows, serverIds, sourceRoutes);
  }

  /**
   * These limits with another number of source routes of each family.
   *
   * @throws IllegalArgumentException if it is not in 1..16777216
   */
  public Limits sourceRoutes(int sourceRoutes) {
    return new Limits(vips, backends, ringSize, maxPacketSize, flows, serverIds, sourceRoutes);
  }

  private static void checkRange(String what, int value, int least, int most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s %d is not in %d..%d".formatted(what, value, least, most));
    }
  }

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
}
