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

  /** Offsets in {@code struct question} of flow_hash.bpf.c. */
  private static final int SEEDS = 14;

  private static final int SOURCE = SEEDS + 4 + 4;
  private static final int PORTS = SOURCE + 16 + 16;
  private static final int FAMILY = PORTS + 2 + 2 + 1;
  private static final int ANSWER = SOURCE + 40;

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

  private int hash(byte[] source, int sourcePort, int destinationPort) {
    ByteBuffer question = ByteBuffer.allocate(ANSWER + Integer.BYTES);
    question.order(ByteOrder.LITTLE_ENDIAN);
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
      return out.get(ValueLayout.JAVA_INT_UNALIGNED, ANSWER);
    }
  }

  @TestFactory
  Stream<DynamicTest> hash_goldenFlow_matchesVector() {
    return Streams.stream(GoldenFolder.rings().get("flowHashes"))
        .map(vector -> DynamicTest.dynamicTest(vector.toString(), () -> assertHash(vector)));
  }

  private void assertHash(JsonNode vector) {
    int hash =
        hash(
            InetAddresses.forString(vector.get("source").textValue()).getAddress(),
            vector.get("sourcePort").intValue(),
            vector.get("destinationPort").intValue());
    assertThat(hash).isEqualTo(Integer.parseUnsignedInt(vector.get("hash").textValue(), 16));
  }

  @Test
  void hash_randomFlows_matchesJava() {
    Random random = new Random(7);
    for (int i = 0; i < 5000; i++) {
      byte[] source = new byte[random.nextBoolean() ? 4 : 16];
      random.nextBytes(source);
      int sourcePort = random.nextInt(65536);
      int destinationPort = random.nextInt(65536);
      assertThat(hash(source, sourcePort, destinationPort))
          .isEqualTo(
              FlowHash.hash(
                  source, sourcePort, destinationPort, LIMITS.hashSeed(), LIMITS.ringSize()));
    }
  }
}
