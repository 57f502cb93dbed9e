package dev.katran.golden;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.common.collect.Streams;
import com.google.common.hash.Hashing;
import com.google.common.net.InetAddresses;
import dev.katran.Backend;
import dev.katran.Flow;
import dev.katran.Limits;
import dev.katran.Protocol;
import dev.katran.Ring;
import dev.katran.RingAlgorithm;
import dev.katran.internal.ring.BackendHash;
import dev.katran.internal.ring.FlowHash;
import dev.katran.internal.ring.Maglev;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Compares hashes and rings with those of the C++ Katran. */
class RingVectorsTest {

  private static final Limits LIMITS = Limits.defaults();

  @TestFactory
  Stream<DynamicTest> backendHash_goldenAddress_matchesVector() {
    return each(
        "backendHashes",
        "address",
        vector -> {
          long hash = BackendHash.of(address(vector, "address").getAddress());
          assertThat(Long.toHexString(hash)).isEqualTo(unpadded(vector));
          assertThat(Maglev.offset(hash, LIMITS.ringSize()))
              .isEqualTo(vector.get("offset").intValue());
          assertThat(Maglev.skip(hash, LIMITS.ringSize())).isEqualTo(vector.get("skip").intValue());
        });
  }

  @TestFactory
  Stream<DynamicTest> flowHash_goldenFlow_matchesVector() {
    return each(
        "flowHashes",
        "source",
        vector -> {
          InetAddress source = address(vector, "source");
          int sourcePort = vector.get("sourcePort").intValue();
          int destinationPort = vector.get("destinationPort").intValue();
          int hash =
              FlowHash.hash(
                  source.getAddress(),
                  sourcePort,
                  destinationPort,
                  LIMITS.hashSeed(),
                  LIMITS.ringSize());
          assertThat(Integer.toHexString(hash)).isEqualTo(unpadded(vector));
          Flow flow = new Flow(source, sourcePort, source, destinationPort, Protocol.TCP);
          assertThat(Ring.of(List.of()).slot(flow)).isEqualTo(vector.get("slot").intValue());
        });
  }

  @TestFactory
  Stream<DynamicTest> ring_goldenBackends_matchesVector() {
    return each("rings", "name", RingVectorsTest::assertSameRing);
  }

  private static void assertSameRing(JsonNode vector) {
    List<Backend> backends = new ArrayList<>();
    Map<InetAddress, String> spellings = new HashMap<>();
    for (JsonNode node : vector.get("backends")) {
      Backend backend =
          Backend.of(node.get("address").textValue()).weight(node.get("weight").intValue());
      backends.add(backend);
      spellings.put(backend.address(), node.get("address").textValue());
    }
    Ring ring =
        Ring.of(
            LIMITS.ringSize(vector.get("ringSize").intValue()),
            RingAlgorithm.valueOf(vector.get("algorithm").textValue()),
            backends);
    List<String> slots =
        IntStream.range(0, ring.size())
            .mapToObj(slot -> spellings.get(ring.backend(slot).orElseThrow().address()))
            .toList();
    assertThat(slots.subList(0, 8))
        .isEqualTo(Streams.stream(vector.get("first8")).map(JsonNode::textValue).toList());
    String lines = String.join("\n", slots) + "\n";
    assertThat(Hashing.sha256().hashString(lines, US_ASCII))
        .hasToString(vector.get("sha256").textValue());
  }

  private interface Check {
    void of(JsonNode vector);
  }

  private static Stream<DynamicTest> each(String list, String name, Check check) {
    return Streams.stream(GoldenFolder.rings().get(list))
        .map(vector ->
            DynamicTest.dynamicTest(
                vector.get(name).textValue() + " " + vector.path("algorithm").asText(),
                () -> check.of(vector)));
  }

  private static InetAddress address(JsonNode vector, String field) {
    return InetAddresses.forString(vector.get(field).textValue());
  }

  private static String unpadded(JsonNode vector) {
    return Long.toHexString(Long.parseUnsignedLong(vector.get("hash").textValue(), 16));
  }
}
