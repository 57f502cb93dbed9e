package dev.katran.internal.ring;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.common.hash.Hashing;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;

class Murmur3Test {

  @RepeatedTest(100)
  void hash_randomInput_equalsLowerHalfOfGuavas(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    long first = random.nextLong();
    long second = random.nextLong();
    // Guava sign-extends the seed, unlike the original, so only non-negative seeds compare.
    int seed = random.nextInt(Integer.MAX_VALUE);
    byte[] bytes =
        ByteBuffer.allocate(16)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(first)
            .putLong(second)
            .array();

    assertThat(Murmur3.hash(first, second, seed))
        .isEqualTo(Hashing.murmur3_128(seed).hashBytes(bytes).asLong());
  }
}
