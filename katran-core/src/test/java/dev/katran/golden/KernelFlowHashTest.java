package dev.katran.golden;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.Streams;
import com.google.common.io.Resources;
import com.google.common.net.InetAddresses;
import dev.katran.Limits;
import dev.katran.bpf.generated.Katran;
import dev.katran.ffm.BpfConstants;
import dev.katran.ffm.BpfObject;
import dev.katran.ffm.TestRunResult;
import dev.katran.internal.dataplane.kernel.Reciprocal;
import dev.katran.internal.ring.FlowHash;
import dev.katran.needs.NeedsKernel;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.TestInstance;

/** Compares the BPF program's flow hash with the golden vectors and with {@link FlowHash}. */
@NeedsKernel
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class KernelFlowHashTest {

  private static final Limits LIMITS = Limits.defaults();
  private static final int MAX_RING_SIZE = 1 << 24;

  /** Offsets in {@code struct question} of flow_hash.bpf.c. */
  private static final int SEEDS = 14;

  private static final int SOURCE = SEEDS + 4 + 4;
  private static final int PORTS = SOURCE + 16 + 16;
  private static final int FAMILY = PORTS + 2 + 2 + 1;
  private static final int RING = SOURCE + 40;
  private static final int ANSWER = RING + 3 * 4;

  private BpfObject object;

  @BeforeAll
  void load() throws IOException {
    byte[] elf = Resources.toByteArray(Resources.getResource("dev/katran/golden/flow_hash.bpf.o"));
    object = BpfObject.open("flow_hash", elf);
    object.load();
  }

  @AfterAll
  void close() {
    object.close();
  }

  /** What the program computes for a flow. */
  private record Answer(int hash, int slot) {}

  private Answer ask(byte[] source, int sourcePort, int destinationPort, int ringSize) {
    ByteBuffer question = ByteBuffer.allocate(ANSWER + 2 * Integer.BYTES);
    question.order(ByteOrder.LITTLE_ENDIAN);
    Reciprocal reciprocal = Reciprocal.of(ringSize);
    question
        .putInt(RING, ringSize)
        .putInt(RING + 4, reciprocal.factor())
        .putInt(RING + 8, reciprocal.shift());
    question
        .putInt(SEEDS, LIMITS.hashSeed() * LIMITS.ringSize())
        .putInt(SEEDS + 4, LIMITS.hashSeed());
    question.order(ByteOrder.BIG_ENDIAN);
    question.put(SOURCE, source);
    question.putShort(PORTS, (short) sourcePort).putShort(PORTS + 2, (short) destinationPort);
    question.put(FAMILY, (byte) (source.length == 4 ? Katran.KATRAN_IPV4() : Katran.KATRAN_IPV6()));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment frame = arena.allocateFrom(ValueLayout.JAVA_BYTE, question.array());
      MemorySegment out = arena.allocate(frame.byteSize());
      TestRunResult result =
          object.program("flow_hash").run(frame, (int) frame.byteSize(), out, null);
      assertThat(result.retval()).isEqualTo(BpfConstants.XDP_PASS);
      return new Answer(
          out.get(ValueLayout.JAVA_INT_UNALIGNED, ANSWER),
          out.get(ValueLayout.JAVA_INT_UNALIGNED, ANSWER + Integer.BYTES));
    }
  }

  @TestFactory
  Stream<DynamicTest> hash_goldenFlow_matchesVector() {
    return Streams.stream(GoldenFolder.rings().get("flowHashes"))
        .map(vector -> DynamicTest.dynamicTest(vector.toString(), () -> assertHash(vector)));
  }

  private void assertHash(JsonNode vector) {
    Answer answer =
        ask(
            InetAddresses.forString(vector.get("source").textValue()).getAddress(),
            vector.get("sourcePort").intValue(),
            vector.get("destinationPort").intValue(),
            LIMITS.ringSize());
    assertThat(answer.hash())
        .isEqualTo(Integer.parseUnsignedInt(vector.get("hash").textValue(), 16));
  }

  @Test
  void hash_randomFlows_matchesJava() {
    Random random = new Random(7);
    for (int i = 0; i < 5000; i++) {
      byte[] source = new byte[random.nextBoolean() ? 4 : 16];
      random.nextBytes(source);
      int sourcePort = random.nextInt(65536);
      int destinationPort = random.nextInt(65536);
      int ringSize = 2 + random.nextInt(MAX_RING_SIZE - 1);
      int hash =
          FlowHash.hash(source, sourcePort, destinationPort, LIMITS.hashSeed(), LIMITS.ringSize());
      assertThat(ask(source, sourcePort, destinationPort, ringSize))
          .isEqualTo(new Answer(hash, FlowHash.slot(hash, ringSize)));
    }
  }
}
