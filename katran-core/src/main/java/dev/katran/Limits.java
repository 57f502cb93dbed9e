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
 *     backends. A ring in use takes 4 bytes a slot in the kernel.
 * @param maxPacketSize bytes of the largest frame that is forwarded, its Ethernet header of 14
 *     bytes included: 590 to 65549; by default 1514. The path to the backends must have room for
 *     the tunnel's headers besides.
 */
public record Limits(int vips, int backends, int ringSize, int maxPacketSize) {

  private static final Limits DEFAULTS = new Limits(512, 4096, 65537, 1514);

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
    return new Limits(vips, backends, ringSize, maxPacketSize);
  }

  /**
   * These limits with another number of backends.
   *
   * @throws IllegalArgumentException if it is not in 1..65535
   */
  public Limits backends(int backends) {
    return new Limits(vips, backends, ringSize, maxPacketSize);
  }

  /**
   * These limits with another number of slots in a ring.
   *
   * @throws IllegalArgumentException if it is no prime, or above 16777213
   */
  public Limits ringSize(int ringSize) {
    return new Limits(vips, backends, ringSize, maxPacketSize);
  }

  /**
   * These limits with another size of the largest frame.
   *
   * @throws IllegalArgumentException if it is not in 590..65549
   */
  public Limits maxPacketSize(int maxPacketSize) {
    return new Limits(vips, backends, ringSize, maxPacketSize);
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
