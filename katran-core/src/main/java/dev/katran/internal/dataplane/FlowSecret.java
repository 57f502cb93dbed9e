package dev.katran.internal.dataplane;

import dev.katran.internal.packet.Address;
import dev.katran.internal.packet.FiveTuple;
import java.security.SecureRandom;
import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * The secret keys of the flow table's hash functions, and the functions: a flow's bucket and its
 * tag. The C counterpart is {@code flow.h}, where the functions are described.
 */
public final class FlowSecret {

  /** The words of a flow: {@code KATRAN_FLOW_WORDS}. */
  static final int WORDS = 10;

  /** The keys of a function, one per word and an addend: {@code KATRAN_FLOW_KEYS}. */
  static final int KEYS = WORDS + 1;

  private static final int ADDEND = WORDS;

  /** {@code FLOW_MIX}. */
  private static final long MIX = 0x9e3779b97f4a7c15L;

  private static final int IPV4 = 4;
  private static final int IPV6 = 6;

  private final long[] tag;
  private final long[] bucket;

  private FlowSecret(long[] tag, long[] bucket) {
    this.tag = tag;
    this.bucket = bucket;
  }

  /** Returns keys from a cryptographic random source. */
  public static FlowSecret random() {
    return of(new SecureRandom());
  }

  /** Returns the keys that this generator yields. */
  public static FlowSecret of(RandomGenerator random) {
    return new FlowSecret(random.longs(KEYS).toArray(), random.longs(KEYS).toArray());
  }

  /** Returns these keys: {@link #KEYS} of each function. */
  public static FlowSecret of(long[] tagKeys, long[] bucketKeys) {
    if (tagKeys.length != KEYS || bucketKeys.length != KEYS) {
      throw new IllegalArgumentException(
          "%d and %d keys, expected %d".formatted(tagKeys.length, bucketKeys.length, KEYS));
    }
    return new FlowSecret(tagKeys.clone(), bucketKeys.clone());
  }

  /** Returns the keys of the tag. */
  public long[] tagKeys() {
    return tag.clone();
  }

  /** Returns the keys of the bucket. */
  public long[] bucketKeys() {
    return bucket.clone();
  }

  /** Returns the tag of a flow, in the bits that it has in a {@link FlowWord}. */
  public long tag(FiveTuple flow) {
    return FlowWord.tagOf(hash(tag, flow));
  }

  /**
   * Returns the bucket of a flow.
   *
   * @param buckets the number of buckets
   */
  public int bucket(FiveTuple flow, int buckets) {
    long hash = hash(bucket, flow);
    long mixed = ((hash ^ (hash >>> 32)) * MIX) >>> 32;
    return (int) ((mixed * buckets) >>> 32);
  }

  /** Hashes the flow's words, which are little-endian integers of its bytes on the wire. */
  private static long hash(long[] keys, FiveTuple flow) {
    int ports = networkShort(flow.sourcePort()) | networkShort(flow.destinationPort()) << 16;
    int family = flow.source().isIpv6() ? IPV6 : IPV4;
    return keys[ADDEND]
        + sum(keys, 0, flow.source())
        + sum(keys, 4, flow.destination())
        + keys[8] * Integer.toUnsignedLong(ports)
        + keys[9] * (flow.protocol() | family << 8);
  }

  private static long sum(long[] keys, int first, Address address) {
    if (!address.isIpv6()) {
      return keys[first] * networkInt(address.low());
    }
    return keys[first] * networkInt(address.high() >>> 32)
        + keys[first + 1] * networkInt(address.high())
        + keys[first + 2] * networkInt(address.low() >>> 32)
        + keys[first + 3] * networkInt(address.low());
  }

  private static long networkInt(long value) {
    return Integer.toUnsignedLong(Integer.reverseBytes((int) value));
  }

  private static int networkShort(int value) {
    return Short.toUnsignedInt(Short.reverseBytes((short) value));
  }

  @Override
  public boolean equals(Object object) {
    return object instanceof FlowSecret other
        && Arrays.equals(tag, other.tag)
        && Arrays.equals(bucket, other.bucket);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(tag);
  }

  /** Returns a text without the keys. */
  @Override
  public String toString() {
    return "secret";
  }
}
