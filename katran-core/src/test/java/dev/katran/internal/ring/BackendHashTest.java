package dev.katran.internal.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.math.BigInteger;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BackendHashTest {

  @RepeatedTest(100)
  void of_ipv4_matchesBigIntegerArithmetic(RepetitionInfo repetition) {
    byte[] address = new byte[4];
    new Random(repetition.getCurrentRepetition()).nextBytes(address);

    BigInteger fnv = BigInteger.valueOf(2166136261L);
    for (byte octet : address) {
      fnv =
          truncate(
              truncate(fnv.multiply(BigInteger.valueOf(16777619)), 32).xor(signExtended(octet)),
              32);
    }
    assertThat(BackendHash.of(address)).isEqualTo(mix(BigInteger.TWO, fnv).longValue());
  }

  @Test
  void of_ipv4Mapped_equalsItsIpv4Hash() {
    byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, (byte) 200, 1};

    assertThat(BackendHash.of(mapped)).isEqualTo(BackendHash.of(new byte[] {10, 0, (byte) 200, 1}));
  }

  @Test
  void of_almostIpv4Mapped_differs() {
    byte[] mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, -1, -1, 10, 0, 0, 1};
    for (int i = 0; i < 12; i++) {
      byte[] near = mapped.clone();
      near[i] ^= 1;
      assertThat(BackendHash.of(near)).isNotEqualTo(BackendHash.of(mapped));
    }
  }

  @Test
  void of_portZero_isTheHashOfTheAddress() {
    for (byte[] address : new byte[][] {{10, 0, 0, 11}, new byte[16]}) {
      assertThat(BackendHash.of(address, 0)).isEqualTo(BackendHash.of(address));
    }
  }

  @Test
  void of_anyPort_differsFromAllOthers() {
    byte[] address = {10, 0, 0, 11};
    Set<Long> hashes = new HashSet<>();
    for (int port = 0; port <= 65535; port++) {
      hashes.add(BackendHash.of(address, port));
    }
    assertThat(hashes).hasSize(65536);
  }

  /** Nodes of different releases must agree on it. */
  @ParameterizedTest
  @ValueSource(ints = {1, 8080, 65535})
  void of_port_isTheMixOfPortAndAddress(int port) {
    for (byte[] address : new byte[][] {{10, 0, 0, 11}, new byte[16]}) {
      BigInteger hash = new BigInteger(Long.toUnsignedString(BackendHash.of(address)));
      assertThat(BackendHash.of(address, port))
          .isEqualTo(mix(BigInteger.valueOf(port), hash).longValue());
    }
  }

  @Test
  void of_anyIpv6BitFlipped_differs() {
    byte[] address = new byte[16];
    long hash = BackendHash.of(address);
    for (int bit = 0; bit < 128; bit++) {
      byte[] other = address.clone();
      other[bit / 8] ^= (byte) (1 << bit % 8);
      assertThat(BackendHash.of(other)).isNotEqualTo(hash);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 3, 5, 15, 17})
  void of_otherLength_throws(int length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> BackendHash.of(new byte[length]))
        .withMessage("an address has 4 or 16 bytes, this one has " + length);
  }

  private static BigInteger mix(BigInteger upper, BigInteger lower) {
    BigInteger k = new BigInteger("9ddfea08eb382d69", 16);
    BigInteger a = truncate(lower.xor(upper).multiply(k), 64);
    a = a.xor(a.shiftRight(47));
    BigInteger b = truncate(upper.xor(a).multiply(k), 64);
    b = b.xor(b.shiftRight(47));
    return b.multiply(k);
  }

  private static BigInteger signExtended(byte octet) {
    return BigInteger.valueOf(octet < 0 ? octet + (1L << 32) : octet);
  }

  private static BigInteger truncate(BigInteger number, int bits) {
    return number.mod(BigInteger.ONE.shiftLeft(bits));
  }
}
