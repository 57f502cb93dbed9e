package dev.katran.internal.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FlowHashTest {

  private static final int SEED = 512;
  private static final int SIZE = 65537;

  @ParameterizedTest
  @ValueSource(ints = {4, 16})
  void hash_addressInPacket_equalsHashOfAddress(int length) {
    byte[] packet = new byte[64];
    new Random(1).nextBytes(packet);
    for (int offset : new int[] {0, 1, 26, 64 - length}) {
      byte[] address = Arrays.copyOfRange(packet, offset, offset + length);
      assertThat(FlowHash.hash(packet, offset, length, 49152, 443, SEED, SIZE))
          .isEqualTo(FlowHash.hash(address, 49152, 443, SEED, SIZE));
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 16})
  void hash_anyFieldChanged_differs(int length) {
    byte[] source = new byte[length];
    int hash = FlowHash.hash(source, 49152, 443, SEED, SIZE);
    assertThat(FlowHash.hash(source, 49153, 443, SEED, SIZE)).isNotEqualTo(hash);
    assertThat(FlowHash.hash(source, 49152, 444, SEED, SIZE)).isNotEqualTo(hash);
    assertThat(FlowHash.hash(source, 443, 49152, SEED, SIZE)).isNotEqualTo(hash);
    for (int i = 0; i < length; i++) {
      byte[] other = source.clone();
      other[i] = -1;
      assertThat(FlowHash.hash(other, 49152, 443, SEED, SIZE)).isNotEqualTo(hash);
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {4, 16})
  void hash_otherSeedOrRingSize_differs(int length) {
    byte[] source = new byte[length];
    int hash = FlowHash.hash(source, 49152, 443, SEED, SIZE);
    assertThat(FlowHash.hash(source, 49152, 443, SEED + 1, SIZE)).isNotEqualTo(hash);
    assertThat(FlowHash.hash(source, 49152, 443, SEED, 65539)).isNotEqualTo(hash);
  }

  @Test
  void hash_seedProductOverflows_wrapsAt32Bits() {
    byte[] source = {10, 0, 0, 1};
    assertThat(FlowHash.hash(source, 1, 2, 1 << 16, 1 << 16))
        .isEqualTo(FlowHash.hash(source, 1, 2, 0, 1));
  }

  @Test
  void slot_hashAbove31Bits_isUnsignedRemainder() {
    assertThat(FlowHash.slot(0xffff_ffff, SIZE)).isEqualTo((int) (0xffff_ffffL % SIZE));
    assertThat(FlowHash.slot(0x8000_0000, SIZE)).isEqualTo((int) (0x8000_0000L % SIZE));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 6, 32})
  void hash_otherLength_throws(int length) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> FlowHash.hash(new byte[length], 1, 2, SEED, SIZE))
        .withMessage("an address has 4 or 16 bytes, this one has " + length);
  }
}
