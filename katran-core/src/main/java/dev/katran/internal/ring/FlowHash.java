package dev.katran.internal.ring;

/**
 * The hash of a flow, which selects its slot in a ring: Bob Jenkins' <a
 * href="http://burtleburtle.net/bob/c/lookup3.c">lookup3</a> (public domain, 2006) in the variant
 * of Linux's {@code jhash.h}.
 *
 * <p>Destination address and protocol are not hashed, because they select the VIP and so the ring.
 * No method allocates.
 */
public final class FlowHash {

  private static final int INITIAL = 0xdeadbeef;

  private FlowHash() {}

  /**
   * Hashes the flow from a source address to a destination port.
   *
   * @param source the source address, 4 or 16 bytes in network order
   * @param sourcePort 0 to 65535
   * @param destinationPort 0 to 65535
   * @param seed the seed of the fleet. In the C++ Katran it is the maximum number of VIPs
   * @param ringSize the number of slots in a ring, which is a second seed
   * @return the hash, an unsigned integer
   * @throws IllegalArgumentException if the address has another length
   */
  public static int hash(
      byte[] source, int sourcePort, int destinationPort, int seed, int ringSize) {
    return hash(source, 0, source.length, sourcePort, destinationPort, seed, ringSize);
  }

  /**
   * Hashes the flow from a source address inside a packet to a destination port.
   *
   * @param bytes the bytes that contain the source address in network order
   * @param offset the index of the first byte of the address
   * @param length the length of the address, 4 or 16
   * @param sourcePort 0 to 65535
   * @param destinationPort 0 to 65535
   * @param seed the seed of the fleet. In the C++ Katran it is the maximum number of VIPs
   * @param ringSize the number of slots in a ring, which is a second seed
   * @return the hash, an unsigned integer
   * @throws IllegalArgumentException if the address has another length
   */
  public static int hash(
      byte[] bytes,
      int offset,
      int length,
      int sourcePort,
      int destinationPort,
      int seed,
      int ringSize) {
    int source =
        switch (length) {
          case 4 -> Bytes.littleEndianInt(bytes, offset);
          case 16 ->
              fourWords(
                  Bytes.littleEndianInt(bytes, offset),
                  Bytes.littleEndianInt(bytes, offset + 4),
                  Bytes.littleEndianInt(bytes, offset + 8),
                  Bytes.littleEndianInt(bytes, offset + 12),
                  seed);
          default ->
              throw new IllegalArgumentException(
                  "an address has 4 or 16 bytes, this one has " + length);
        };
    return twoWords(source, ports(sourcePort, destinationPort), seed * ringSize);
  }

  /** Returns the slot of a hash: its unsigned remainder when divided by the ring size. */
  public static int slot(int hash, int ringSize) {
    return Integer.remainderUnsigned(hash, ringSize);
  }

  /** Returns the four bytes of both ports in packet order, read as a little-endian integer. */
  private static int ports(int sourcePort, int destinationPort) {
    return Integer.reverseBytes(sourcePort << 16 | destinationPort);
  }

  private static int twoWords(int first, int second, int seed) {
    int start = INITIAL + (2 << 2) + seed;
    return finish(start + first, start + second, start);
  }

  private static int fourWords(int first, int second, int third, int fourth, int seed) {
    int start = INITIAL + (4 << 2) + seed;
    int a = start + first;
    int b = start + second;
    int c = start + third;

    a = (a - c) ^ Integer.rotateLeft(c, 4);
    c += b;
    b = (b - a) ^ Integer.rotateLeft(a, 6);
    a += c;
    c = (c - b) ^ Integer.rotateLeft(b, 8);
    b += a;
    a = (a - c) ^ Integer.rotateLeft(c, 16);
    c += b;
    b = (b - a) ^ Integer.rotateLeft(a, 19);
    a += c;
    c = (c - b) ^ Integer.rotateLeft(b, 4);
    b += a;
    return finish(a + fourth, b, c);
  }

  private static int finish(int a, int b, int c) {
    c = (c ^ b) - Integer.rotateLeft(b, 14);
    a = (a ^ c) - Integer.rotateLeft(c, 11);
    b = (b ^ a) - Integer.rotateLeft(a, 25);
    c = (c ^ b) - Integer.rotateLeft(b, 16);
    a = (a ^ c) - Integer.rotateLeft(c, 4);
    b = (b ^ a) - Integer.rotateLeft(a, 14);
    return (c ^ b) - Integer.rotateLeft(b, 24);
  }
}
