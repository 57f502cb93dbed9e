package dev.katran.ring;

/**
 * A flow as a number: Bob Jenkins' lookup3 (public domain, 2006) as Linux' {@code jhash} has it.
 *
 * <p>The destination address and the protocol take no part: they chose the ring already. Nothing
 * here allocates.
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
   * @param maxVips how many VIPs a balancer of this fleet can have; a seed
   * @param ringSize slots in a ring; a seed, too
   * @return the hash, an unsigned number
   * @throws IllegalArgumentException if the address has another length
   */
  public static int hash(
      byte[] source, int sourcePort, int destinationPort, int maxVips, int ringSize) {
    return hash(source, 0, source.length, sourcePort, destinationPort, maxVips, ringSize);
  }

  /**
   * The same for an address that stands somewhere in a packet.
   *
   * @param bytes hold the source address in network order
   * @param offset where it starts
   * @param length its length, 4 or 16
   * @param sourcePort 0 to 65535
   * @param destinationPort 0 to 65535
   * @param maxVips how many VIPs a balancer of this fleet can have; a seed
   * @param ringSize slots in a ring; a seed, too
   * @return the hash, an unsigned number
   * @throws IllegalArgumentException if the address has another length
   */
  public static int hash(
      byte[] bytes,
      int offset,
      int length,
      int sourcePort,
      int destinationPort,
      int maxVips,
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
                  maxVips);
          default ->
              throw new IllegalArgumentException(
                  "an address has 4 or 16 bytes, this one has " + length);
        };
    return twoWords(source, ports(sourcePort, destinationPort), maxVips * ringSize);
  }

  /** The slot of a hash: its remainder as an unsigned number. */
  public static int slot(int hash, int ringSize) {
    return Integer.remainderUnsigned(hash, ringSize);
  }

  /** The four bytes of both ports as they stand in a packet, read as a little-endian integer. */
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
